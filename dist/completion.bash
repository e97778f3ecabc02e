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

# The long options that a command names in its help.
_eswrapctl_options() {
	"$@" --help 2>/dev/null | sed -n 's/^  .*\(--[a-z-]*\).*/\1/p'
}

_eswrapctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=() word words=
	COMPREPLY=()
	for word in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
		case $word in
		*eswrapctl | status | check-config | credentials | list | check | program | verify | adopt | \
			forget-ledger) command+=("$word") ;;
		esac
	done
	case $prev in
	-c | --config | -s | --socket | --ca | --certificate | --key)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--module) return ;;
	esac
	case $cur,${command[*]: -1} in
	-*) words=$(_eswrapctl_options "${command[@]}") ;;
	*,check-config)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	*,*eswrapctl) words='status credentials check-config' ;;
	*,credentials) words='list check program verify adopt forget-ledger' ;;
	*,check | *,program | *,verify | *,adopt | *,forget-ledger)
		words="0 1 2 $(_eswrap_groups credentials)"
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _eswrap eswrap
complete -F _eswrapctl eswrapctl
