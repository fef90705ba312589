#!/bin/sh
# After removal. What the server knows of its boards stays, also when it is
# purged: nobody else knows it.
set -e
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
if [ "$1" = purge ] && [ -d "$DPKG_ROOT/var/lib/mozpool" ]; then
  echo "mozpool: /var/lib/mozpool is left; delete it if no server will take it up again"
fi
