# --- writing and reading back ------------------------------------------------
# The card is written in chunks, each followed by fsync: progress is then what
# is on the card, and no minutes of silence hide in the last sync.

MP_CHUNK=${MP_CHUNK:-2097152}

# mp_write ARTIFACT DEVICE: fetches, unpacks, writes what the card does not have
# already, reads back.
mp_write() {
	mp_open "$1"
	mp_guard "$2" "$A_LEN"
	if mp_compare "$2"; then
		mp_write_changed "$2"
	else
		mp_stage
		mp_transfer "$A_LEN" mp_pour "$2"
		[ -z "$MP_STAGED" ] || rm -f "$MP_STAGED"
	fi
	mp_readback "$1" "$2"
}

# mp_pour DEVICE: standard input, from byte A_SKIP on for A_LEN bytes, to the
# start of the device. 3: the card failed; 2: the input ended early; 4: over.
mp_pour() {
	mp_skip "$A_SKIP" || return 2
	rm -f "$MP_TMP"/sample.*
	mp_pour_chunks 3<>"$1"
}

mp_pour_chunks() {
	local pos=0 n
	while [ "$pos" -lt "$A_LEN" ]; do
		[ ! -e "$MP_TMP/over" ] || return 4
		n=$((A_LEN - pos))
		[ "$n" -le "$MP_CHUNK" ] || n=$MP_CHUNK
		if mp_is_sample "$pos"; then
			mp_pour_sample "$pos" "$n"
		else
			mp_dd "$n"
		fi || return $?
		pos=$((pos + n))
		echo "$pos" >"$MP_TMP/done"
	done
}

# mp_dd N: exactly N bytes of standard input to descriptor 3, and to the card.
mp_dd() {
	local said
	said=$(dd bs="$1" count=1 iflag=fullblock conv=fsync 2>&1 >&3)
	case $?.$said in
	0.1+0*) return 0 ;;
	0.*) return 2 ;;
	esac
	echo "$said" | head -n 1 >"$MP_TMP/put.err"
	return 3
}

# mp_skip BYTES: of standard input, in the largest blocks that divide them.
mp_skip() {
	local bs=1048576
	[ "$1" -gt 0 ] || return 0
	while [ $(($1 % bs)) != 0 ]; do bs=$((bs / 2)); done
	dd bs="$bs" count=$(($1 / bs)) iflag=fullblock of=/dev/null 2>/dev/null
}

# mp_is_sample POS: with sampled read-back, the chunks that are read again:
# the first, the last, and each 16th, others at each boot.
mp_is_sample() {
	[ "$MP_READBACK" = sampled ] || return 1
	[ "$1" != 0 ] && [ $(($1 + MP_CHUNK)) -lt "$A_LEN" ] || return 0
	[ $((($1 / MP_CHUNK + MP_BOOT) % 16)) = 0 ]
}

# mp_pour_sample POS N: writes a chunk and remembers its hash from the stream.
mp_pour_sample() {
	local hasher code
	rm -f "$MP_TMP/s.chunk" && mkfifo "$MP_TMP/s.chunk"
	mp_sha256 <"$MP_TMP/s.chunk" >"$MP_TMP/sample.$1" &
	hasher=$!
	mp_head "$2" | tee "$MP_TMP/s.chunk" | mp_dd "$2"
	code=$?
	wait "$hasher"
	return "$code"
}

mp_head() {
	dd bs="$1" count=1 iflag=fullblock 2>/dev/null
}

# mp_readback ARTIFACT DEVICE: compares the card with what the artifact unpacks
# to, as the image's readback says. sampled without samples (a script wrote by
# other means) is read in full.
mp_readback() {
	local mode=$MP_READBACK sum=-
	mp_open "$1"
	MP_STEP=readback
	[ "$mode" != sampled ] || [ -e "$MP_TMP/sample.0" ] || mode=full
	mp_settle "$2"
	case $mode in
	full) mp_watched "$A_LEN" readback mp_readback_full "$2" && sum=$R_SUM ;;
	sampled) mp_watched "$A_LEN" readback mp_readback_samples "$2" ;;
	*) : ;;
	esac || mp_fail card "reading $2 back: not what was written ($R_WHAT)"
	rm -f "$MP_TMP"/sample.*
	mp_log "artifact $1 is on $2 (read back: $mode)"
	mp_result "$1:$mode:$sum"
}

mp_result() {
	MP_RESULTS=$MP_RESULTS${MP_RESULTS:+,}$1
}

mp_readback_full() {
	R_SUM=$(mp_take "$A_LEN" <"$1" | mp_sha256)
	R_WHAT="sha256 $R_SUM, expected $A_UNPACKED"
	[ "$R_SUM" = "$A_UNPACKED" ]
}

# mp_take N: the first N bytes of standard input, counted.
mp_take() {
	local pos=0 n
	while [ "$pos" -lt "$1" ]; do
		n=$(($1 - pos))
		[ "$n" -le "$MP_CHUNK" ] || n=$MP_CHUNK
		mp_head "$n"
		pos=$((pos + n))
		echo "$pos" >"$MP_TMP/done"
	done
}

mp_readback_samples() {
	local file pos n want got
	for file in "$MP_TMP"/sample.*; do
		pos=${file##*.}
		n=$((A_LEN - pos))
		[ "$n" -le "$MP_CHUNK" ] || n=$MP_CHUNK
		read -r want <"$file"
		got=$({ mp_skip "$pos" && mp_head "$n"; } <"$1" | mp_sha256)
		R_WHAT="sample at byte $pos"
		[ "$got" = "$want" ] || return 1
		echo "$pos" >"$MP_TMP/done"
	done
}

# mp_clear DIR: empties a mounted file system, through the gate, so that no
# file of the image before stays behind.
mp_clear() {
	mp_guard_dir "$1"
	mp_tell_downloading
	mp_event writing step=clear
	MP_STEP=writing
	find "$1" -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} + || mp_fail card "cannot empty $1"
}

# mp_untar ARTIFACT DIR: unpacks the archive into a mounted directory and reads
# each regular file back.
mp_untar() {
	mp_open "$1"
	mp_guard_dir "$2"
	mp_stage
	mp_transfer "$A_SIZE" mp_untar_stream "$2"
	[ -z "$MP_STAGED" ] || rm -f "$MP_STAGED"
	mp_readback_files "$1" "$2"
}

mp_untar_stream() {
	local code
	mp_count | {
		tar -x -f - -C "$1" 2>"$MP_TMP/tar.err"
		echo $? >"$MP_TMP/s.tar"
		cat >/dev/null
	}
	read -r code <"$MP_TMP/s.tar"
	[ "$code" != 0 ] || return 0
	grep -i -e 'no space' -e 'i/o error' -e 'read-only' "$MP_TMP/tar.err" >"$MP_TMP/put.err" && return 3
	return 2
}

# mp_count: passes standard input on, megabyte by megabyte, counting; what has
# passed is flushed now and then for the same reason as in mp_pour.
mp_count() {
	local n=0 said
	while :; do
		[ ! -e "$MP_TMP/over" ] || return 4
		said=$({ dd bs=1048576 count=1 iflag=fullblock 2>&3 >&4; } 3>&1)
		case $said in 1+0* | 0+1*) ;; *) return 0 ;; esac
		n=$((n + 1048576))
		echo "$n" >"$MP_TMP/done"
		[ $((n % 16777216)) != 0 ] || sync
	done
} 4>&1

# mp_readback_files ARTIFACT DIR: hashes every regular file (sampled: each
# 16th), in the form of the list that was made when the image was loaded.
mp_readback_files() {
	local mode=$MP_READBACK sum=-
	MP_STEP=readback
	if [ "$mode" != off ]; then
		mp_fetch_list
		mp_settle
		mp_watched "$(($(wc -l <"$MP_TMP/list")))" readback mp_hash_files "$2" ||
			mp_fail card "reading $2 back: not what was written ($(cat "$MP_TMP/wrong" 2>/dev/null))"
		[ "$mode" != full ] || sum=$(mp_sha256 <"$MP_TMP/read")
	fi
	mp_log "artifact $1 is in $2 (read back: $mode)"
	mp_result "$1:$mode:$sum"
}

mp_fetch_list() {
	mp_ask event "$A_FILES" || mp_fail network "the list of files of $A_NAME could not be fetched"
	mv "$MP_HTTP.body" "$MP_TMP/list"
	[ "$(mp_sha256 <"$MP_TMP/list")" = "$A_FILES_SHA256" ] ||
		mp_fail server "the list of files of $A_NAME is not the one that the image names"
}

mp_hash_files() {
	local line n=0
	: >"$MP_TMP/read"
	while IFS= read -r line; do
		n=$((n + 1))
		echo "$n" >"$MP_TMP/done"
		[ "$MP_READBACK" != sampled ] || [ $(((n + MP_BOOT) % 16)) = 0 ] || continue
		[ ! -e "$MP_TMP/over" ] || return 0
		(cd "$1" && sha256sum "./${line#*  }" 2>&1) | sed 's|  \./|  |' >"$MP_TMP/one"
		echo "$line" | cmp -s - "$MP_TMP/one" || { cat "$MP_TMP/one" >"$MP_TMP/wrong"; return 1; }
		cat "$MP_TMP/one" >>"$MP_TMP/read"
	done <"$MP_TMP/list"
}
