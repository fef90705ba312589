#!/bin/sh
# What the written image does instead of fetching a second stage: it says that
# it is up, by the URL on the kernel's command line, and stays up.
for word in $(cat /proc/cmdline); do
	case $word in mozpool-up=*) url=${word#*=} ;; esac
done
echo "RUNNING: the written image is up"
while :; do
	timeout 10 wget -q -O /dev/null "$url" && echo "RUNNING: the server knows"
	sleep 3
done
