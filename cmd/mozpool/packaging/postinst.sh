#!/bin/sh
# After installing or upgrading: the server's user; a server that runs goes on
# with the new binary. It is not started by itself: it has to be told its racks.
set -e
if command -v systemd-sysusers >/dev/null; then
  systemd-sysusers ${DPKG_ROOT:+"--root=$DPKG_ROOT"} mozpool.conf
fi
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart mozpool.service
fi
