# --- talking to the server ---------------------------------------------------
# Every question is asked again until it is answered: 1 to 30 s apart, for
# MP_RETRY_FOR seconds. What can be set from outside is for tests only.

: "${MP_RETRY_FOR:=1800}" "${MP_RETRY_MAX:=30}" "${MP_STALL:=30}" "${MP_TICK:=1}" "${MP_REPORT_EVERY:=5}"
: "${MP_REBOOT:=reboot -f}" "${MP_LOGGER:=logger}" "${MP_SYSLOGD:=syslogd}" "${MP_NODES:=mdev -s}"
: "${MP_SYS:=/sys}" "${MP_MOUNTS:=/proc/mounts}" "${MP_DROP:=/proc/sys/vm/drop_caches}"
export LC_ALL=C

MP_TMP=$(mktemp -d "${TMPDIR:-/tmp}/mp.XXXXXX") || exit 1
MP_HTTP=$MP_TMP/http # where mp_http leaves head and body; background parts use their own
export WGETRC=$MP_TMP/wgetrc # GNU wget tries again by itself, with pauses of its own; busybox's does not
echo 'tries = 1' >"$WGETRC"
MP_STEP=start        # what a failure is reported against
MP_DONE=             # set once the script ended in a way the server knows about
MP_RESULTS=          # what `rebooting` reports: artifact:mode:sha256,…
MP_SKIPPED=          # bytes that were on the card already, which it reports too

# mp_seconds: a clock that nobody sets.
mp_seconds() {
	local up
	read -r up _ </proc/uptime
	echo "${up%%.*}"
}

# mp_log TEXT: a line to the console and to the server's syslog. Debian's
# busybox has no UDP client but syslogd; where none runs, one is started.
mp_log() {
	echo "mozpool: $*"
	if [ ! -e /dev/log ] && [ -n "$MP_SYSLOG" ] && [ -z "$MP_SYSLOGD_ASKED" ]; then
		MP_SYSLOGD_ASKED=1
		command -v "${MP_SYSLOGD%% *}" >/dev/null && $MP_SYSLOGD -R "$MP_SYSLOG" 2>/dev/null
	fi
	$MP_LOGGER -p local0.info -t mozpool -- "$*" 2>/dev/null || :
}

# mp_escape TEXT: percent-encoded for a URL; at most 200 bytes of it.
mp_escape() {
	case $1 in
	*[!A-Za-z0-9._:,-]*) printf '%.200s' "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ *\([0-9a-f][0-9a-f]\)/%\1/g; s/ //g' ;;
	*) printf '%.200s' "$1" ;;
	esac
}

# mp_http PATH [SECONDS]: asks each server in turn until one knows this boot,
# the one that answered last first: a dead one costs its time once.
# MP_STATUS is the answer's status (000: no answer), the body is $MP_HTTP.body,
# MP_BASE the server that answered.
# `timeout wget`, since `wget -T` of Debian 12's busybox crashes.
mp_http() {
	local base asked=' '
	for base in $MP_BASE $MP_URLS; do
		case $asked in *" $base "*) continue ;; esac
		asked="$asked$base "
		timeout "${2:-20}" wget -q -S -O "$MP_HTTP.body" "$base/$1" 2>"$MP_HTTP.head" </dev/null
		MP_STATUS=$(sed -n 's|^ *HTTP/[0-9.]* \([0-9][0-9][0-9]\).*|\1|p' "$MP_HTTP.head" | tail -n 1)
		case ${MP_STATUS:=000} in 000 | 404 | 503) ;; *) MP_BASE=$base && return 0 ;; esac
	done
	return 1
}

# mp_elsewhere: the next question begins with another server, where there is
# one: this one answers, but a transfer from it broke off.
mp_elsewhere() {
	local base others=''
	for base in $MP_URLS; do
		[ "$base" = "$MP_BASE" ] || others="$others$base "
	done
	[ -z "$others" ] || MP_URLS=$others$MP_BASE MP_BASE=
}

# mp_pause SINCE: waits before the next try; fails once MP_RETRY_FOR is over.
# The wait doubles up to MP_RETRY_MAX, or is what the server asked for; half of
# it is chance, so that a rack does not ask in step.
mp_pause() {
	local asked chance
	[ $(($(mp_seconds) - $1)) -lt "$MP_RETRY_FOR" ] || return 1
	MP_WAIT=$((${MP_WAIT:-0} * 2))
	[ "$MP_WAIT" -ge 1 ] || MP_WAIT=1
	asked=$(sed -n 's/^ *[Rr]etry-[Aa]fter: *\([0-9][0-9]*\).*/\1/p' "$MP_HTTP.head" 2>/dev/null | tail -n 1)
	[ "${asked:-0}" -le "$MP_WAIT" ] || MP_WAIT=$asked
	[ "$MP_WAIT" -le "$MP_RETRY_MAX" ] || MP_WAIT=$MP_RETRY_MAX
	chance=$(od -An -N1 -tu1 /dev/urandom 2>/dev/null)
	sleep $(((MP_WAIT + 1) / 2 + ${chance:-0} * (MP_WAIT / 2) / 255))
}

# mp_ask KIND PATH: asks until there is an answer that lets the script go on.
# KIND gate: nothing but 200 opens the write gate. A 404 is a server that has
# not heard of this boot yet, so it is waited for like a 503.
mp_ask() {
	local since
	since=$(mp_seconds)
	MP_WAIT=0
	while :; do
		mp_http "$2"
		case $1.$MP_STATUS in
		*.200) return 0 ;;
		*.410) mp_over ;;
		event.409) return 0 ;;
		esac
		echo "mozpool: ${2%%\?*}: answer $MP_STATUS, asking again"
		mp_pause "$since" || return 1
	done
}

# mp_event EVENT [key=value…]: reports until acknowledged. `writing` is the
# write gate: returns only when the server has said yes.
mp_event() {
	local event=$1 query='' pair kind=event
	shift
	for pair; do
		query="$query${query:+&}${pair%%=*}=$(mp_escape "${pair#*=}")"
	done
	[ "$event" != writing ] || kind=gate
	mp_ask "$kind" "event/$event${query:+?$query}" || mp_abandon "no answer to $event for ${MP_RETRY_FOR}s"
}

# mp_progress ARTIFACT DONE TOTAL [STEP]: said once; a lost one is made good by
# the next. Returns 1 when the server says that this boot is over.
mp_progress() {
	mp_http "progress?artifact=$1&done=$2&total=$3${4:+&step=$4}" 5
	[ "$MP_STATUS" != 410 ]
}

# mp_over: the server says that this boot is over: stop, sync, boot the card.
mp_over() {
	mp_abandon "this boot is over"
}

# mp_abandon TEXT: leaves without a report, by a reboot to the card.
mp_abandon() {
	mp_log "$1: rebooting"
	mp_leave
}

# mp_leave: syncs and reboots; never returns, not even from a sub-shell.
mp_leave() {
	: >"$MP_TMP/left"
	MP_DONE=1
	sync
	$MP_REBOOT
	kill -TERM $$
	exit 1
}

# mp_fail PART TEXT: reports what is broken (board card network image server)
# and ends the script, from a sub-shell too. The live environment stays up, so
# that it can be looked at until the server cuts the power.
mp_fail() {
	[ ! -e "$MP_TMP/left" ] || exit 1
	: >"$MP_TMP/left"
	mp_log "failed in $MP_STEP: $1: $2"
	sync
	mp_event failed "part=$1" "step=$MP_STEP" "text=$2"
	MP_DONE=1
	kill -TERM $$
	exit 1
}

# mp_wear: what the card and the kernel say of its wear, as LIFE_A:LIFE_B:PRE_EOL:ERRORS (the first three are an eMMC's
# own words, of JESD84-B50; empty: it has none). Nothing where there is nothing to say.
mp_wear() {
	local dir disk life_a='' life_b='' eol='' errors
	disk=${MP_DISK##*/}
	dir=$MP_SYS/class/block/$disk/device
	[ ! -r "$dir/life_time" ] || read -r life_a life_b <"$dir/life_time"
	[ ! -r "$dir/pre_eol_info" ] || read -r eol <"$dir/pre_eol_info"
	errors=$(dmesg 2>/dev/null | grep -i 'i/o error' | grep -c "dev $disk")
	[ -z "$life_a$eol" ] && [ "${errors:-0}" = 0 ] || printf '%s:%s:%s:%s' "$life_a" "$life_b" "$eol" "${errors:-0}"
}

# mp_reboot: reports what was read back, repeated until acknowledged (a server
# that did not hear it never calls the card written), then boots the card.
mp_reboot() {
	local wear
	sync
	wear=$(mp_wear)
	mp_event rebooting ${MP_RESULTS:+"readback=$MP_RESULTS"} ${wear:+"wear=$wear"} ${MP_SKIPPED:+"skipped=$MP_SKIPPED"}
	mp_log "rebooting to the card"
	mp_leave
}

# mp_need COMMAND…: the image asks for more than its live environment has?
mp_need() {
	local cmd
	for cmd; do
		command -v "$cmd" >/dev/null || mp_fail image "the live environment has no $cmd"
	done
}

# mp_config KEY: prints the wish's value.
mp_config() {
	mp_config_value "$1" || mp_fail image "the wish has no config key $1"
}

# A script that ends by itself has not told how: nobody waits for it in vain.
mp_exit() {
	local code=$1
	trap - EXIT
	if [ -z "$MP_DONE" ] && [ ! -e "$MP_TMP/left" ]; then
		(mp_fail image "the script ended with status $code before mp_reboot") 2>/dev/null
	fi
	rm -rf "$MP_TMP"
	exit "$code"
}
trap 'exit 1' TERM
trap 'mp_exit $?' EXIT
