# zsh -f zsh-offers.zsh PREPARATION LINE...
# Prints what an interactive zsh offers where Tab is pressed at the end of each line, one line of output for each.
emulate zsh
zmodload zsh/zpty
prepare=$1
shift
zpty shell zsh -f -i
# What is typed before the command before it has ended is not read by the line editor.
say() {
  zpty -w shell "$1; print -r -- REA''DY"
  zpty -r -m shell seen '*READY*'
}
say 'PROMPT= RPROMPT=; stty -echo; autoload -Uz compinit; '$prepare
# The one program that is given what is to be offered; with -O, -A or -D it only says what would be.
say 'compadd() { if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi; local -a hits; builtin compadd -A hits "$@"; offers+=($hits) }'
say 'offer() { offers=(); zle complete-word; print -r -- "OFF""ERS<${(j: :)offers}>"; zle kill-buffer }; zle -C complete-word complete-word _main_complete; zle -N offer; bindkey "^X" offer'
for line; do
  zpty -w -n shell "$line"$'\x18'
  zpty -r -m shell seen '*OFFERS<*>*'
  [[ $seen =~ 'OFFERS<([^>]*)>' ]] && print -r -- $match[1]
done
zpty -d shell
