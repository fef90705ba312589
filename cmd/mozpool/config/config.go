// Package config reads mozpool.yaml, the one configuration file of a server.
//
// It decides what the server may be told: every key with its default, what
// values are possible, and which combinations are refused (an API beyond
// loopback without tokens, one port for two listeners). All mistakes are
// reported at once, with line and remedy.
//
// It refuses to look at the machine beyond names in the file system: whether an
// address can be bound, the server says when it binds. It does not read the
// boards and images files; packages inventory and netboot/images do. Called by
// "mozpool serve", "config check", "config default" and "reload".
package config

import (
	"net/netip"
	"os"
	"time"

	"mozpool/persistence/strictyaml"
)

// Config is the whole of mozpool.yaml. Load gives it with Default applied and
// with all paths joined to the folder of the file.
type Config struct {
	// Server is the name of this server, unique in the cluster; letters,
	// digits, dots and dashes. Default: the host name. Set it where host names
	// may change, since the data folder and the racks' lists know it by name.
	Server string `yaml:"server"`
	// Data is the folder that the server writes to: journal/, logs/, store/.
	// Default: /var/lib/mozpool. Put it on a disk that survives a power cut.
	Data string `yaml:"data"`
	// Files is the folder that boards are served from and that the server only
	// reads: boot/, live/NAME/, artifacts/, scripts/. Default: /srv/mozpool.
	Files string `yaml:"files"`
	// Boards is the file that lists the boards. Default: boards.yaml.
	Boards string `yaml:"boards"`
	// Images is the file that lists hardware types and images. Default:
	// images.yaml.
	Images string `yaml:"images"`
	// API is the listener for people and programs.
	API API `yaml:"api"`
	// OldAPI is an own listener for clients of the original Mozpool.
	OldAPI OldAPI `yaml:"old_api"`
	// Webhooks are told of each transition of a board. Default: none.
	Webhooks []Webhook `yaml:"webhooks"`
	// Traces is where attempts are sent as traces. Default: nowhere.
	Traces Traces `yaml:"traces"`
	// Cluster is where the other servers are. Default: there are none.
	Cluster Cluster `yaml:"cluster"`
	// Relays say when trouble with a relay board is an incident of its own, for
	// which its boards wait without failing.
	Relays Relays `yaml:"relays"`
	// Inventory are sources of boards beside the boards file. Default: none.
	Inventory Inventory `yaml:"inventory"`
	// CrashDumps are taken from boards, by TFTP. Default: none are.
	CrashDumps CrashDumps `yaml:"crash_dumps"`
	// Store is how long files stay that nobody uses any more.
	Store Store `yaml:"store"`
	// Racks are the racks that this server may serve, by name. Default: none,
	// which serves the API only.
	Racks map[string]Rack `yaml:"racks"`
}

// CrashDumps is how much boards may leave behind of their crashes, in dumps/BOARD of the data folder.
type CrashDumps struct {
	// PerBoard is what a board's dumps may have together. Default: 0, none is taken. What does not fit is refused;
	// nothing is deleted to make room.
	PerBoard strictyaml.Size `yaml:"per_board"`
	// File is what one dump may have. Default: 64MiB.
	File strictyaml.Size `yaml:"file"`
}

// Store is the folder store of the data folder: uploads, and what was fetched or unpacked.
type Store struct {
	// KeepUnused is how long a file stays that no image and no running attempt uses. Default: 168h; 0 = until somebody
	// prunes. Lower it where nightly builds fill the disk.
	KeepUnused strictyaml.Duration `yaml:"keep_unused"`
}

// API says where people and programs reach the server.
type API struct {
	// Listen is host:port; port 0 = any free one. Default: 127.0.0.1:8080. An
	// address beyond loopback needs Tokens.
	Listen string `yaml:"listen"`
	// Tokens is the file of bearer tokens and their roles. Default: none, and
	// everybody on loopback may do everything.
	Tokens string `yaml:"tokens"`
	// Cert and Key are the PEM files of a certificate, with its chain, and of
	// its key; both or none. Default: none, and HTTP is spoken without TLS.
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Relays is when a relay board that gives no sign of life is an incident: after
// Sessions connections in a row, if Boards boards waited for it, or Window has
// passed.
type Relays struct {
	Sessions int                 `yaml:"sessions"` // Default: 3
	Boards   int                 `yaml:"boards"`   // Default: 2
	Window   strictyaml.Duration `yaml:"window"`   // Default: 30s
	// Test is how often an idle relay board is asked for a sign of life.
	// Default: 5m; 0 = never.
	Test strictyaml.Duration `yaml:"test"`
}

// Webhook is told of each transition of a board, by a signed POST.
type Webhook struct {
	// URL is where to, http or https. Required.
	URL string `yaml:"url"`
	// SecretFile holds the key of the signature, 16 bytes at least; white
	// space around it is left out. Required: a receiver has to know whom to
	// believe.
	SecretFile string `yaml:"secret_file"`
	// Board, Rack and States choose events: a board's name with * and ?, a
	// rack, the states that are entered (failed is all of failed_…). Default:
	// all.
	Board  string   `yaml:"board"`
	Rack   string   `yaml:"rack"`
	States []string `yaml:"states"`
}

// OldAPI says where clients of the original Mozpool, which know no tokens,
// reach the server.
type OldAPI struct {
	// Listen is host:port. Default: empty, no such listener.
	Listen string `yaml:"listen"`
	// Allow are the networks whose clients are answered, as prefixes such as
	// 10.0.0.0/8. Default: empty, nobody.
	Allow []Network `yaml:"allow"`
}

// Rack is a VLAN of boards and how this server serves it.
type Rack struct {
	// Servers may serve the rack, in order of preference. Default: this server.
	Servers []string `yaml:"servers"`
	// Listen is the address of this server in the rack's VLAN, where TFTP,
	// syslog and the boards' HTTP listen. Required.
	Listen Address `yaml:"listen"`
	// Ports are those of the three listeners.
	Ports Ports `yaml:"ports"`
	// BootsAtOnce is how many boards may be between power-on and live
	// environment. Default: 16, so that a chassis of 14 goes as one. Lower it
	// where power supplies or the VLAN suffer.
	BootsAtOnce int `yaml:"boots_at_once"`
	// PowerOnGap lies between two power-ons on one relay board. Default: 150ms.
	// Raise it where a supply trips.
	PowerOnGap strictyaml.Duration `yaml:"power_on_gap"`
	// ServiceAddress is added to an interface by the server that holds the
	// rack, so that boards find the new owner: ADDRESS/BITS@INTERFACE, such as
	// 10.91.0.10/24@eth1. Default: none.
	ServiceAddress ServiceAddress `yaml:"service_address"`
	// NewBoards is what happens to a board that the inventory brings: wait,
	// verify or self-test. Default: wait.
	NewBoards NewBoards `yaml:"new_boards"`
	// Health is the check of boards that rest in ready.
	Health Health `yaml:"health"`
	// FailedPowerState is what happens to the power of a board that rests in a
	// failed state: leave or off. Default: leave, so that it can be looked at.
	FailedPowerState FailedPowerState `yaml:"failed_power_state"`
	// BareCallbacks also serves the URLs of Mozilla's scripts on this rack,
	// which carry no token and are believed by source address. Default: false.
	BareCallbacks bool `yaml:"bare_callbacks"`
}

// Ports are the ports of a rack's listeners; 0 = any free one.
type Ports struct {
	HTTP   uint16 `yaml:"http"`   // TCP. Default: 8000
	TFTP   uint16 `yaml:"tftp"`   // UDP. Default: 69, the only one that loaders ask
	Syslog uint16 `yaml:"syslog"` // UDP. Default: 514
}

// Health is the regular check of boards that rest in ready.
type Health struct {
	// Every is the time between two checks of a board. Default: 10m; 0 = never.
	Every strictyaml.Duration `yaml:"every"`
	// OnFailure is report or recover. Default: report: automation leaves
	// boards alone unless told.
	OnFailure OnFailure `yaml:"on_failure"`
}

// Default is the configuration of an empty file. Paths are not joined yet.
func Default() Config {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "mozpool"
	}
	return Config{
		Server:    host,
		Data:      "/var/lib/mozpool",
		Files:     "/srv/mozpool",
		Boards:    "boards.yaml",
		Images:    "images.yaml",
		API:       API{Listen: "127.0.0.1:8080"},
		Relays:    Relays{Sessions: 3, Boards: 2, Window: strictyaml.Duration(30 * time.Second), Test: strictyaml.Duration(5 * time.Minute)},
		Inventory: Inventory{Every: strictyaml.Duration(inventoryEvery)},

		CrashDumps: CrashDumps{File: 64 << 20},
		Store:      Store{KeepUnused: strictyaml.Duration(7 * 24 * time.Hour)},
	}
}

// DefaultRack is what an entry of racks starts from.
func DefaultRack() Rack {
	return Rack{
		Ports:            Ports{HTTP: 8000, TFTP: 69, Syslog: 514},
		BootsAtOnce:      16,
		PowerOnGap:       strictyaml.Duration(150 * time.Millisecond),
		NewBoards:        NewBoardsWait,
		Health:           Health{Every: strictyaml.Duration(10 * time.Minute), OnFailure: OnFailureReport},
		FailedPowerState: FailedPowerLeave,
	}
}

// SetDefaults implements strictyaml.Defaulter.
func (r *Rack) SetDefaults() { *r = DefaultRack() }

// BoardAddress is the address that boards are told to use: the service address
// where there is one, else the rack's listen address.
func (r Rack) BoardAddress() netip.Addr {
	if r.ServiceAddress.Prefix.IsValid() {
		return r.ServiceAddress.Prefix.Addr()
	}
	return r.Listen.Addr
}
