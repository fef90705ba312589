# --- artifacts: fetching, checking, unpacking --------------------------------
# Progress is what is in $MP_TMP/done; a watcher in the background reports it,
# and cuts a transfer that stands still so that it is begun again.

# mp_open ARTIFACT: sets A_NAME and the A_… that the server knows about it.
mp_open() {
	[ ! -e "$MP_TMP/left" ] || exit 1
	A_NAME=$1
	mp_facts "$1" || mp_fail image "there is no artifact $1"
}

# mp_tell_downloading: once a boot, before the first byte is asked for.
mp_tell_downloading() {
	MP_STEP=downloading
	[ -z "$MP_TOLD" ] || return 0
	mp_event downloading
	MP_TOLD=1
}

# mp_watch TOTAL STEP: reports $MP_TMP/done; kills the download that stalls, or
# whose boot is over.
mp_watch() {
	local last=0 now seen told=0
	MP_HTTP=$MP_TMP/watch
	seen=$(mp_seconds)
	while sleep "$MP_TICK" && [ -e "$MP_TMP/watching" ]; do
		now=$(mp_done)
		if [ "$now" != "$last" ]; then
			last=$now
			seen=$(mp_seconds)
		elif [ $(($(mp_seconds) - seen)) -ge "$MP_STALL" ]; then
			mp_cut_download
		fi
		if [ $(($(mp_seconds) - told)) -ge "$MP_REPORT_EVERY" ]; then
			told=$(mp_seconds)
			mp_progress "$A_NAME" "$now" "$1" "$2" || { : >"$MP_TMP/over"; mp_cut_download; }
		fi
	done
}

# mp_done: how far the transfer is; a file being fetched tells by its size.
mp_done() {
	local n=0
	if [ -n "$MP_WATCHED" ]; then
		n=$(wc -c 2>/dev/null <"$MP_WATCHED")
	else
		read -r n 2>/dev/null <"$MP_TMP/done"
	fi
	echo "$((${n:-0}))"
}

mp_cut_download() {
	local pid
	read -r pid 2>/dev/null <"$MP_TMP/pid" && kill "$pid" 2>/dev/null
}

# mp_watched TOTAL STEP COMMAND…: runs the command under the watcher.
mp_watched() {
	local watcher code total=$1 step=$2
	shift 2
	echo 0 >"$MP_TMP/done"
	rm -f "$MP_TMP/pid"
	: >"$MP_TMP/watching"
	mp_watch "$total" "$step" &
	watcher=$!
	"$@"
	code=$?
	# The file is what ends the watcher; a TERM that comes before its shell has
	# dropped our traps is lost (seen with ash), and only hastens the end.
	rm -f "$MP_TMP/watching"
	kill "$watcher" 2>/dev/null
	wait "$watcher" 2>/dev/null
	[ ! -e "$MP_TMP/over" ] || mp_over
	[ "$code" = 0 ] || mp_elsewhere
	mp_progress "$A_NAME" "$(mp_done)" "$total" "$step" || mp_over
	return "$code"
}

# mp_get WGET-OPTIONS…: one try at the artifact, from the server that answered
# last. The watcher can kill it.
mp_get() {
	mp_get_path "$A_PATH" "$@"
}

mp_get_path() {
	local code path=$1
	shift
	wget -q "$@" "${MP_BASE:-${MP_URLS%% *}}/$path" 2>/dev/null &
	echo $! >"$MP_TMP/pid"
	wait $!
	code=$?
	rm -f "$MP_TMP/pid"
	return "$code"
}

# mp_fetch ARTIFACT FILE: downloads as it lies on the server, checked. An
# interrupted download goes on where it was.
mp_fetch() {
	local since wrong=0
	mp_open "$1"
	mp_tell_downloading
	since=$(mp_seconds)
	MP_WAIT=0
	rm -f "$2"
	while :; do
		MP_WATCHED=$2
		mp_watched "$A_SIZE" '' mp_get -c -O "$2"
		MP_WATCHED=
		if [ -f "$2" ] && [ "$(($(wc -c <"$2")))" -ge "$A_SIZE" ]; then
			[ "$(mp_sha256 <"$2")" != "$A_SHA256" ] || return 0
			wrong=$((wrong + 1))
			[ "$wrong" -lt 2 ] || mp_fail image "artifact $1 arrived twice with another sha256 than the image names"
			rm -f "$2"
		fi
		mp_log "artifact $1: transfer broke off after $(wc -c 2>/dev/null <"$2" || echo 0) of $A_SIZE bytes"
		mp_pause "$since" || mp_fail network "artifact $1 could not be downloaded in ${MP_RETRY_FOR}s"
	done
}

mp_sha256() {
	sha256sum | cut -d ' ' -f 1
}

# mp_stage: fetches the artifact into memory where it takes less than half of
# what is free, so that it is known to be good before the card is touched.
# MP_STAGED names the file, or is empty: then it is checked while it streams.
mp_stage() {
	local free
	MP_STAGED=
	free=${MP_FREE_KB:-$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)}
	if [ $((A_SIZE / 1024 * 2)) -lt "${free:-0}" ]; then
		mp_fetch "$A_NAME" "$MP_TMP/staged"
		MP_STAGED=$MP_TMP/staged
	else
		mp_tell_downloading
	fi
}

mp_source() {
	if [ -n "$MP_STAGED" ]; then
		cat "$MP_STAGED"
	else
		mp_get -O -
	fi
}

mp_unpack() {
	case $A_PACK in
	gz) gunzip -c ;;
	xz) unxz -c ;;
	bz2) bunzip2 -c ;;
	*) cat ;;
	esac
}

# mp_stream CONSUMER ARGS…: artifact → hash, unpack → CONSUMER. Sets S_GET,
# S_UNPACK, S_PUT (exit codes) and S_SHA. Unless the card failed, every stage
# reads on to the end: the hash is of the whole file, and a stage that gave up
# early would make a bad file look like a broken transfer.
mp_stream() {
	local hasher
	rm -f "$MP_TMP"/s.* "$MP_TMP/put.err" && mkfifo "$MP_TMP/s.sum"
	mp_sha256 <"$MP_TMP/s.sum" >"$MP_TMP/s.sha" &
	hasher=$!
	{
		mp_source
		echo $? >"$MP_TMP/s.get"
	} | tee "$MP_TMP/s.sum" | {
		mp_unpack 2>/dev/null
		echo $? >"$MP_TMP/s.unpack"
		[ -s "$MP_TMP/put.err" ] || cat >/dev/null
	} | {
		"$@"
		echo $? >"$MP_TMP/s.put"
		[ -s "$MP_TMP/put.err" ] || cat >/dev/null
	}
	wait "$hasher"
	S_GET=1 S_UNPACK=1 S_PUT=1 S_SHA=
	read -r S_GET <"$MP_TMP/s.get"
	read -r S_UNPACK <"$MP_TMP/s.unpack"
	read -r S_PUT <"$MP_TMP/s.put"
	read -r S_SHA <"$MP_TMP/s.sha"
	[ "$S_GET.$S_UNPACK.$S_PUT.$S_SHA" = "0.0.0.$A_SHA256" ]
}

# mp_transfer TOTAL CONSUMER ARGS…: streams the artifact until it arrived
# whole, each time through the gate. The clock starts again with every try that
# got further than the ones before.
mp_transfer() {
	local since total=$1 wrong=0 best=0 got
	shift
	since=$(mp_seconds)
	MP_WAIT=0
	while :; do
		mp_event writing "step=$A_NAME"
		MP_STEP=writing
		! mp_watched "$total" '' mp_stream "$@" || return 0
		mp_judge_stream
		got=$(mp_done)
		if [ "$got" -gt "$best" ]; then
			best=$got
			since=$(mp_seconds)
			MP_WAIT=0
		fi
		mp_pause "$since" || mp_fail network "artifact $A_NAME could not be downloaded in ${MP_RETRY_FOR}s"
	done
}

# mp_judge_stream: puts a broken stream down to card or image; returns if only
# the transfer was to blame and another try makes sense. The consumer says 3
# for the card, 2 for a stream that ended early.
mp_judge_stream() {
	[ "$S_PUT" != 3 ] || mp_fail card "writing $A_NAME: $(cat "$MP_TMP/put.err" 2>/dev/null)"
	if [ "$S_SHA" = "$A_SHA256" ]; then
		mp_fail image "artifact $A_NAME has its sha256, but does not unpack to what was computed when it was loaded"
	fi
	if [ "$S_GET" = 0 ]; then
		wrong=$((wrong + 1))
		[ "$wrong" -lt 2 ] || mp_fail image "artifact $A_NAME arrived twice with another sha256 than the image names"
	fi
	mp_log "artifact $A_NAME: transfer broke off at byte $(mp_done), beginning again"
}
