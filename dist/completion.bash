# SPDX-License-Identifier: MIT
# bash completion for eswrap and eswrapctl

# The names of the groups [$1 NAME] in the configuration that the command line or the system has.
_eswrap_groups() {
	local file=/etc/eswrap/eswrap.conf i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -c || ${COMP_WORDS[i]} == --config ]] &&
			file=${COMP_WORDS[i + 1]}
	done
	sed -n "s/^\[$1 \(.*\)\]\$/\1/p" "$file" 2>/dev/null
}

_eswrap() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | --config | -r | --route) ((i++)) ;;
		-*) ;;
		*)
			# The wrapped program's own arguments.
			declare -F _command_offset >/dev/null && _command_offset "$i"
			return
			;;
		esac
	done
	case $prev in
	-c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	-r | --route) mapfile -t COMPREPLY < <(compgen -W "$(_eswrap_groups route)" -- "$cur") ;;
	*)
		if [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W '-c --config -r --route --help --version' -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		;;
	esac
}

_eswrapctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} words='status credentials check-config'
	COMPREPLY=()
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	credentials) words='list check program verify adopt forget-ledger' ;;
	program | verify | adopt) words='0 1 2' ;;
	check-config)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	esac
	[[ $cur == -* ]] && words='--help --version --json --yes'
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _eswrap eswrap
complete -F _eswrapctl eswrapctl
