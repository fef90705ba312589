#!/bin/sh
# What udhcpc calls with what the DHCP server gave.
case $1 in
deconfig)
	ip -4 addr flush dev "$interface"
	;;
bound | renew)
	ip addr replace "$ip/${mask:-24}" dev "$interface"
	for gateway in $router; do
		ip route replace default via "$gateway" dev "$interface"
		break
	done
	: >/etc/resolv.conf
	for server in $dns; do
		echo "nameserver $server" >>/etc/resolv.conf
	done
	[ -z "$hostname" ] || hostname "$hostname"
	;;
esac
