#compdef mozpool
autoload -U +X bashcompinit && bashcompinit
_mozpool() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= word words=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
    ' artifact'|' artifact import'|' artifact list'|' artifact prune'|' artifact push'|' artifact remove'|' board'|' board accept'|' board attempt'|' board attempts'|' board cancel'|' board comment'|' board discovered'|' board dumps'|' board dumps delete'|' board dumps get'|' board dumps list'|' board history'|' board image'|' board label'|' board list'|' board lock'|' board log'|' board maintenance'|' board power'|' board repaired'|' board self-test'|' board set-state'|' board show'|' board unlock'|' board wait'|' board why'|' cluster'|' cluster certs'|' cluster drain'|' cluster join'|' cluster members'|' cluster racks'|' cluster recover'|' cluster remove'|' cluster status'|' cluster transfer'|' cluster undrain'|' completion'|' config'|' config check'|' config default'|' context'|' context add'|' context list'|' context remove'|' context use'|' demo'|' doctor'|' event'|' event watch'|' event webhooks'|' hardware'|' hardware list'|' hardware push'|' hardware remove'|' hardware show'|' image'|' image add'|' image clear'|' image list'|' image push'|' image remove'|' image show'|' image verify'|' incident'|' incident close'|' incident list'|' inventory'|' inventory apply'|' inventory history'|' inventory plan'|' inventory show'|' inventory status'|' inventory sync'|' live'|' live build'|' loader'|' loader script'|' rack'|' rack check-wiring'|' rack learn'|' rack list'|' relay'|' relay cycle'|' relay list'|' relay off'|' relay on'|' relay show'|' relay status'|' relay test'|' reload'|' repair'|' repair list'|' report'|' serve'|' server'|' server backup'|' server info'|' server log-level'|' server restore'|' server verify'|' token'|' token create'|' token list'|' token revoke'|' version'|'') at="$at $word" ;;
    esac
  done
  case "$at|$prev" in
  ' artifact'*'|--output'|' artifact'*'|-o') words='table wide json yaml name' ;;
  ' board'*'|--output'|' board'*'|-o') words='table wide json yaml name' ;;
  ' board repaired'*'|--part') words='board card relay wiring network' ;;
  ' cluster'*'|--output'|' cluster'*'|-o') words='table wide json yaml name' ;;
  ' context'*'|--output'|' context'*'|-o') words='table wide json yaml name' ;;
  ' doctor'*'|--output'|' doctor'*'|-o') words='table json' ;;
  ' event'*'|--output'|' event'*'|-o') words='table wide json yaml name' ;;
  ' hardware'*'|--output'|' hardware'*'|-o') words='table wide json yaml name' ;;
  ' hardware push'*'|--loader') words='pxelinux ipxe' ;;
  ' image'*'|--output'|' image'*'|-o') words='table wide json yaml name' ;;
  ' image push'*'|--install') words='raw tar' ;;
  ' image push'*'|--verify') words='loader ping callback none' ;;
  ' incident'*'|--output'|' incident'*'|-o') words='table wide json yaml name' ;;
  ' inventory'*'|--output'|' inventory'*'|-o') words='table wide json yaml name' ;;
  ' rack'*'|--output'|' rack'*'|-o') words='table wide json yaml name' ;;
  ' relay'*'|--output'|' relay'*'|-o') words='table wide json yaml name' ;;
  ' repair'*'|--output'|' repair'*'|-o') words='table wide json yaml name' ;;
  ' report'*'|--output'|' report'*'|-o') words='table json yaml html' ;;
  ' server'*'|--output'|' server'*'|-o') words='table wide json yaml name' ;;
  ' token list'*'|--output'|' token list'*'|-o') words='table json yaml name' ;;
  esac
  [ -n "$words" ] || case "$at" in
  '') words='artifact board cluster completion config context demo doctor event hardware image incident inventory live loader rack relay reload repair report serve server token version --context --server --token --help' ;;
  ' artifact') words='import list prune push remove --output --context --server --token --help' ;;
  ' artifact import') words='--name --sha256 --output --context --server --token --help' ;;
  ' artifact list') words='--watch --output --context --server --token --help' ;;
  ' artifact prune') words='--dry-run --unused-for --output --context --server --token --help' ;;
  ' artifact push') words='--output --context --server --token --help' ;;
  ' artifact remove') words='--output --context --server --token --help' ;;
  ' board') words='accept attempt attempts cancel comment discovered dumps history image label list lock log maintenance power repaired self-test set-state show unlock wait why --output --context --server --token --help' ;;
  ' board accept') words='--dry-run --selector --output --context --server --token --help' ;;
  ' board attempt') words='--against --export --output --context --server --token --help' ;;
  ' board attempts') words='--limit --watch --output --context --server --token --help' ;;
  ' board cancel') words='--dry-run --force --selector --output --context --server --token --help' ;;
  ' board comment') words='--dry-run --selector --output --context --server --token --help' ;;
  ' board discovered') words='--watch --output --context --server --token --help' ;;
  ' board dumps') words='delete get list --output --context --server --token --help' ;;
  ' board dumps delete') words='--output --context --server --token --help' ;;
  ' board dumps get') words='--to --output --context --server --token --help' ;;
  ' board dumps list') words='--watch --output --context --server --token --help' ;;
  ' board history') words='--limit --watch --output --context --server --token --help' ;;
  ' board image') words='--config --dry-run --force --image --selector --wait --output --context --server --token --help' ;;
  ' board label') words='--dry-run --selector --output --context --server --token --help' ;;
  ' board list') words='--image --label --rack --selector --state --text --watch --output --context --server --token --help' ;;
  ' board lock') words='--dry-run --for --selector --why --output --context --server --token --help' ;;
  ' board log') words='--all --follow --severity --since --source --tail --text --until --output --context --server --token --help' ;;
  ' board maintenance') words='--dry-run --selector --wait --output --context --server --token --help' ;;
  ' board power') words='on off cycle --dry-run --selector --wait --output --context --server --token --help' ;;
  ' board repaired') words='--image --mac --note --part --power --wait --output --context --server --token --help' ;;
  ' board self-test') words='--dry-run --selector --wait --output --context --server --token --help' ;;
  ' board set-state') words='new ready troubleshooting locked_out --dry-run --selector --output --context --server --token --help' ;;
  ' board show') words='--selector --output --context --server --token --help' ;;
  ' board unlock') words='--dry-run --selector --output --context --server --token --help' ;;
  ' board wait') words='--output --context --server --token --help' ;;
  ' board why') words='--selector --output --context --server --token --help' ;;
  ' cluster') words='certs drain join members racks recover remove status transfer undrain --output --context --server --token --help' ;;
  ' cluster certs') words='--dir --id --output --context --server --token --help' ;;
  ' cluster drain') words='--output --context --server --token --help' ;;
  ' cluster join') words='--output --context --server --token --help' ;;
  ' cluster members') words='--output --context --server --token --help' ;;
  ' cluster racks') words='--output --context --server --token --help' ;;
  ' cluster recover') words='--config --force --output --context --server --token --help' ;;
  ' cluster remove') words='--output --context --server --token --help' ;;
  ' cluster status') words='--output --context --server --token --help' ;;
  ' cluster transfer') words='--output --context --server --token --help' ;;
  ' cluster undrain') words='--output --context --server --token --help' ;;
  ' completion') words='bash zsh fish --context --server --token --help' ;;
  ' config') words='check default --context --server --token --help' ;;
  ' config check') words='--context --server --token --help' ;;
  ' config default') words='--data --files --http --listen --syslog --tftp --context --server --token --help' ;;
  ' context') words='add list remove use --output --context --server --token --help' ;;
  ' context add') words='--ca --token-file --use --output --context --server --token --help' ;;
  ' context list') words='--output --context --server --token --help' ;;
  ' context remove') words='--output --context --server --token --help' ;;
  ' context use') words='--output --context --server --token --help' ;;
  ' demo') words='--boards --fault --fault-rate --inventory --ipxe --json --log --once --racks --seed --servers --speed --context --server --token --help' ;;
  ' doctor') words='--config --output --silent --context --server --token --help' ;;
  ' event') words='watch webhooks --output --context --server --token --help' ;;
  ' event watch') words='--after --board --rack --state --output --context --server --token --help' ;;
  ' event webhooks') words='--watch --output --context --server --token --help' ;;
  ' hardware') words='list push remove show --output --context --server --token --help' ;;
  ' hardware list') words='--watch --output --context --server --token --help' ;;
  ' hardware push') words='--append --disk --entry --fdt --keep --live --loader --new --revision --output --context --server --token --help' ;;
  ' hardware remove') words='--output --context --server --token --help' ;;
  ' hardware show') words='--output --context --server --token --help' ;;
  ' image') words='add clear list push remove show verify --output --context --server --token --help' ;;
  ' image add') words='--config --hardware --name --to --verify --write --output --context --server --token --help' ;;
  ' image clear') words='--output --context --server --token --help' ;;
  ' image list') words='--watch --output --context --server --token --help' ;;
  ' image push') words='--entry --file --hardware --install --new --revision --sha256 --to --url --verify --output --context --server --token --help' ;;
  ' image remove') words='--output --context --server --token --help' ;;
  ' image show') words='--output --context --server --token --help' ;;
  ' image verify') words='--output --context --server --token --help' ;;
  ' incident') words='close list --output --context --server --token --help' ;;
  ' incident close') words='--output --context --server --token --help' ;;
  ' incident list') words='--all --watch --output --context --server --token --help' ;;
  ' inventory') words='apply history plan show status sync --output --context --server --token --help' ;;
  ' inventory apply') words='--output --context --server --token --help' ;;
  ' inventory history') words='--output --context --server --token --help' ;;
  ' inventory plan') words='--output --context --server --token --help' ;;
  ' inventory show') words='--output --context --server --token --help' ;;
  ' inventory status') words='--output --context --server --token --help' ;;
  ' inventory sync') words='--output --context --server --token --help' ;;
  ' live') words='build --context --server --token --help' ;;
  ' live build') words='--arch --busybox --dtb --extra --kernel --modules --modules-from --output --verbose --context --server --token --help' ;;
  ' loader') words='script --context --server --token --help' ;;
  ' loader script') words='--config --hardware --loader --mac --rack --context --server --token --help' ;;
  ' rack') words='check-wiring learn list --output --context --server --token --help' ;;
  ' rack check-wiring') words='--relays --output --context --server --token --help' ;;
  ' rack learn') words='--hardware --prefix --relays --output --context --server --token --help' ;;
  ' rack list') words='--watch --output --context --server --token --help' ;;
  ' relay') words='cycle list off on show status test --output --context --server --token --help' ;;
  ' relay cycle') words='--direct --force --output --context --server --token --help' ;;
  ' relay list') words='--watch --output --context --server --token --help' ;;
  ' relay off') words='--direct --force --output --context --server --token --help' ;;
  ' relay on') words='--direct --force --output --context --server --token --help' ;;
  ' relay show') words='--output --context --server --token --help' ;;
  ' relay status') words='--direct --force --output --context --server --token --help' ;;
  ' relay test') words='--output --context --server --token --help' ;;
  ' reload') words='--context --server --token --help' ;;
  ' repair') words='list --output --context --server --token --help' ;;
  ' repair list') words='--csv --watch --output --context --server --token --help' ;;
  ' report') words='--output --rack --since --context --server --token --help' ;;
  ' serve') words='--config --data --files --level --listen --name --profiles --context --server --token --help' ;;
  ' server') words='backup info log-level restore verify --output --context --server --token --help' ;;
  ' server backup') words='--without-artifacts --output --context --server --token --help' ;;
  ' server info') words='--output --context --server --token --help' ;;
  ' server log-level') words='--output --context --server --token --help' ;;
  ' server restore') words='--data --output --context --server --token --help' ;;
  ' server verify') words='--output --context --server --token --help' ;;
  ' token') words='create list revoke --config --file --context --server --token --help' ;;
  ' token create') words='--expires --rack --role --config --file --context --server --token --help' ;;
  ' token list') words='--output --config --file --context --server --token --help' ;;
  ' token revoke') words='--config --file --context --server --token --help' ;;
  ' version') words='--context --server --token --help' ;;
  esac
  case "$at|$cur" in
  *'|-'*) ;;
  ' board accept|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board attempt|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board attempts|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board cancel|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board comment|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board dumps delete|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board dumps get|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board dumps list|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board history|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board image|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board list|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board lock|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board log|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board maintenance|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board power|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board repaired|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board self-test|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board set-state|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board show|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board unlock|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board wait|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  ' board why|'*) words="$words $(timeout 2 mozpool board list -o name 2>/dev/null)" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o default -F _mozpool mozpool
