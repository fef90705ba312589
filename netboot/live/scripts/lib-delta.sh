# --- writing only what differs -----------------------------------------------
# The server has a list of what is to be on the card: the sha256 of each block.
# What the card has already is neither fetched nor written, which saves minutes
# and the card's life. Whatever this finds, all is read back at the end as ever.

: "${MP_COMPARE_FOR:=180}" # seconds; what was not compared by then is written

# mp_compare DEVICE: $MP_TMP/differs gets a line "POS SHA256 [0]" for each block
# that the card does not have, and D_BYTES their size. Fails where there is no
# list, or where the card has so little of it that it is written in full.
mp_compare() {
	[ -n "$A_BLOCKS" ] && [ "$A_BLOCK" = "$MP_CHUNK" ] || return 1
	mp_tell_downloading
	MP_STEP=compare
	mp_http "$A_BLOCKS" 60
	if [ "$MP_STATUS" != 200 ] || [ "$(mp_sha256 <"$MP_HTTP.body")" != "$A_BLOCKS_SHA256" ]; then
		mp_log "artifact $A_NAME: no list of blocks (answer $MP_STATUS), writing it in full"
		return 1
	fi
	mv "$MP_HTTP.body" "$MP_TMP/blocks"
	mp_settle "$1"
	mp_is_worth_it "$1" || return 1
	mp_watched "$A_LEN" compare mp_compare_blocks "$1"
	read -r D_BYTES <"$MP_TMP/differ"
	MP_SKIPPED=$((${MP_SKIPPED:-0} + A_LEN - D_BYTES))
	mp_log "artifact $A_NAME: $D_BYTES of $A_LEN bytes differ on the card"
}

# mp_is_worth_it DEVICE: has the card at least a quarter of 16 blocks? It would
# otherwise be read in full just to be written in full.
mp_is_worth_it() {
	local count i=0 n have=0 want
	count=$(($(wc -l <"$MP_TMP/blocks")))
	[ "$count" -gt 16 ] || return 0
	while [ "$i" -lt 16 ]; do
		n=$((i * count / 16))
		read -r want _ <<-EOF
			$(sed -n "$((n + 1))p" "$MP_TMP/blocks")
		EOF
		[ "$(dd if="$1" bs="$MP_CHUNK" skip="$n" count=1 iflag=fullblock 2>/dev/null | mp_sha256)" != "$want" ] || have=$((have + 1))
		i=$((i + 1))
	done
	[ "$have" -ge 4 ]
}

# mp_compare_blocks DEVICE: reads the card along the list.
mp_compare_blocks() {
	local pos=0 n want zero bytes=0 end
	end=$(($(mp_seconds) + MP_COMPARE_FOR))
	rm -f "$MP_TMP"/sample.*
	: >"$MP_TMP/differs"
	while read -r want zero <&3; do
		[ ! -e "$MP_TMP/over" ] || return 0
		mp_block_size "$pos"
		if [ "$(mp_seconds)" -ge "$end" ] || [ "$(mp_head "$n" | mp_sha256)" != "$want" ]; then
			echo "$pos $want $zero" >>"$MP_TMP/differs"
			bytes=$((bytes + n))
		fi
		! mp_is_sample "$pos" || echo "$want" >"$MP_TMP/sample.$pos"
		pos=$((pos + n))
		echo "$pos" >"$MP_TMP/done"
	done <"$1" 3<"$MP_TMP/blocks"
	echo "$bytes" >"$MP_TMP/differ"
}

# mp_block_size POS: sets n.
mp_block_size() {
	n=$((A_LEN - $1))
	[ "$n" -le "$MP_CHUNK" ] || n=$MP_CHUNK
}

# mp_write_changed DEVICE: writes what mp_compare found. Few blocks are fetched
# one by one, none not at all; of a packed artifact, and of many, the whole is
# fetched.
mp_write_changed() {
	if [ "$D_BYTES" = 0 ] || { [ -z "$A_PACK" ] && [ $((D_BYTES * 2)) -le "$A_LEN" ]; }; then
		mp_transfer_blocks "$1"
		return
	fi
	mp_stage
	mp_transfer "$A_LEN" mp_pour_changed "$1"
	[ -z "$MP_STAGED" ] || rm -f "$MP_STAGED"
}

# mp_pour_changed DEVICE: as mp_pour, but writes only blocks that differ, each
# once it has the hash of the list.
mp_pour_changed() {
	local pos=0 n at='' want=''
	mp_skip "$A_SKIP" || return 2
	{
		read -r at want _ <&4
		while [ "$pos" -lt "$A_LEN" ]; do
			[ ! -e "$MP_TMP/over" ] || return 4
			mp_block_size "$pos"
			if [ "$pos" = "$at" ]; then
				mp_head "$n" >"$MP_TMP/block"
				mp_is_block "$want" || return 2
				mp_put_block "$1" "$pos" || return 3
				read -r at want _ <&4
			else
				mp_head "$n" >/dev/null
			fi
			pos=$((pos + n))
			echo "$pos" >"$MP_TMP/done"
		done
	} 4<"$MP_TMP/differs"
}

# mp_transfer_blocks DEVICE: fetches block by block until all are on the card,
# each try through the gate. The clock starts again with every block.
mp_transfer_blocks() {
	local since code before=-1
	since=$(mp_seconds)
	MP_WAIT=0
	D_PUT=0
	while :; do
		mp_event writing "step=$A_NAME"
		MP_STEP=writing
		echo "$D_PUT" >"$MP_TMP/put"
		mp_watched "$D_BYTES" '' mp_put_blocks "$1"
		code=$?
		read -r D_PUT <"$MP_TMP/put"
		case $code in
		0) return 0 ;;
		3) mp_fail card "writing $A_NAME: $(cat "$MP_TMP/put.err" 2>/dev/null)" ;;
		5) mp_fail server "a block of $A_NAME arrived twice with another sha256 than the list names" ;;
		esac
		mp_log "artifact $A_NAME: transfer of a block broke off after $D_PUT of $D_BYTES bytes"
		if [ "$D_PUT" != "$before" ]; then
			before=$D_PUT
			since=$(mp_seconds)
			MP_WAIT=0
		fi
		mp_pause "$since" || mp_fail network "artifact $A_NAME could not be downloaded in ${MP_RETRY_FOR}s"
	done
}

# mp_put_blocks DEVICE: goes on after the first D_PUT bytes that differ.
mp_put_blocks() {
	local pos n want zero put=0
	while read -r pos want zero <&4; do
		[ ! -e "$MP_TMP/over" ] || return 4
		mp_block_size "$pos"
		put=$((put + n))
		[ "$put" -gt "$D_PUT" ] || continue
		mp_fetch_block "$pos" "$n" "$want" "$zero" || return $?
		mp_put_block "$1" "$pos" || return 3
		echo "$put" >"$MP_TMP/put"
		echo "$put" >"$MP_TMP/done"
	done 4<"$MP_TMP/differs"
}

# mp_fetch_block POS N SHA256 [0]: into $MP_TMP/block; zeros need no fetching.
mp_fetch_block() {
	local tries=0
	if [ -n "$4" ]; then
		mp_head "$2" </dev/zero >"$MP_TMP/block"
		return 0
	fi
	while [ "$tries" -lt 2 ]; do
		mp_get_path "$A_BLOCKS/$(($1 / MP_CHUNK))" -O "$MP_TMP/block" || return 2
		! mp_is_block "$3" || return 0
		tries=$((tries + 1))
	done
	return 5
}

mp_is_block() {
	[ "$(mp_sha256 <"$MP_TMP/block")" = "$1" ]
}

# mp_put_block DEVICE POS: to the card, and not only to memory.
mp_put_block() {
	local said
	said=$(dd if="$MP_TMP/block" of="$1" bs="$MP_CHUNK" seek=$(($2 / MP_CHUNK)) conv=notrunc,fsync 2>&1) && return 0
	echo "$said" | head -n 1 >"$MP_TMP/put.err"
	return 3
}
