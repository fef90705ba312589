#!/bin/sh
# Before removal, and before an upgrade, whose postinst restarts the server:
# "remove" is dpkg's word, 0 rpm's.
set -e
case "$1" in
remove | 0)
  if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now mozpool.service
  fi
  ;;
esac
