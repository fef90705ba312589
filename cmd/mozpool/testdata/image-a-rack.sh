#!/bin/sh
# Puts an image on every board of a rack and waits until all are done.
# Written from two documents alone: mozpool --help, and the server's /api/v1/openapi.json.
#
# usage: image-a-rack.sh RACK IMAGE, with MOZPOOL_SERVER set
set -eu
rack=$1 image=$2

# mozpool image list --help: -o name prints a name a line.
mozpool image list -o name | grep -qx "$image" || { echo "there is no image $image" >&2; exit 3; }

# POST /api/v1/boards/{name}/image takes {"image"} and answers {"board","attempt","state"}; an Idempotency-Key makes it safe to
# send again, so curl may.
taken=
for board in $(mozpool board list -l rack="$rack" -o name); do
	answer=$(curl -fsS --retry 3 -X POST "$MOZPOOL_SERVER/api/v1/boards/$board/image" \
		-H 'Content-Type: application/json' -H "Idempotency-Key: rack-$$-$board" -d "{\"image\":\"$image\"}")
	attempt=$(printf %s "$answer" | sed 's/.*"attempt":\([0-9]*\).*/\1/')
	taken="$taken $board@$attempt"
done

# mozpool board wait --help: NAME@7 waits for the end of attempt 7; the exit code is 1 if any failed.
mozpool board wait $taken >&2
mozpool board list -l rack="$rack",state=ready,image="$image" -o name | sed 's/$/ is ready/'
