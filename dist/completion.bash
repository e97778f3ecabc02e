# SPDX-License-Identifier: MIT
# bash completion for eswrap and eswrapctl. What there is to complete, the commands themselves say:
# each lists its commands and options with --help.

# The names of the groups [$1 NAME] in the configuration that the command line or the system has.
_eswrap_groups() {
	local file=/etc/eswrap/eswrap.conf i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -c || ${COMP_WORDS[i]} == --config ]] &&
			file=${COMP_WORDS[i + 1]}
	done
	sed -n "s/^\[$1 \(.*\)\]\$/\1/p" "$file" 2>/dev/null
}

# The options that a command names in its help.
_eswrap_options() {
	"$@" --help 2>/dev/null | sed -nE 's/^ *(-[a-zA-Z])?,? *(--[a-z-]+).*/\1 \2/p'
}

# The commands that it names there.
_eswrap_commands() {
	"$@" --help 2>/dev/null | sed -nE '/^Commands:/,/^$/s/^  ([a-z][a-z-]*)  .*/\1/p'
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
			mapfile -t COMPREPLY < <(compgen -W "$(_eswrap_options "${COMP_WORDS[0]}")" -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		;;
	esac
}

_eswrapctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=("${COMP_WORDS[0]}")
	local words i
	COMPREPLY=()
	words=$(_eswrap_commands "${command[@]}")
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ " ${words//$'\n'/ } " == *" ${COMP_WORDS[i]} "* ]] || continue
		command+=("${COMP_WORDS[i]}")
		words=$(_eswrap_commands "${command[@]}")
	done
	case $prev,$cur in
	-c,* | --config,* | -s,* | --socket,* | --ca,* | --certificate,* | --key,* | --textfile,* | --pcap,*)
		words=
		;;
	*,-*) words=$(_eswrap_options "${command[@]}") ;;
	*)
		# A command that knows no others: the sets of the module where it wants one.
		[[ -n $words || ${command[*]} != *" credentials "* ]] ||
			words="0 1 2 $(_eswrap_groups credentials)"
		;;
	esac
	if [[ -n $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _eswrap eswrap
complete -F _eswrapctl eswrapctl
