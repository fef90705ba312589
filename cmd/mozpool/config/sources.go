package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"mozpool/actors/inventory/source/mozilla"
	"mozpool/actors/inventory/source/netbox"
)

// Source is one place that lists boards: a file or a URL with YAML in the
// format of the boards file, JSON of that shape, or CSV; a NetBox; or Mozilla's
// inventory.
type Source struct {
	// Name is shown with each of its boards; unique. Boards belong to their
	// source by this name: renaming it is a change of all its boards.
	Name string `yaml:"name"`
	// File is a path, URL the address of a list, NetBox that of a NetBox
	// without /api, Mozilla that of an inventory without /en-US; one of them.
	File    string `yaml:"file"`
	URL     string `yaml:"url"`
	NetBox  string `yaml:"netbox"`
	Mozilla string `yaml:"mozilla"`
	// User is the name that Mozilla's inventory asks for; the token is the
	// password. Default: neither is sent.
	User string `yaml:"user"`
	// TokenFile and TokenEnv say where the token for the address stands; at
	// most one. Default: none is sent.
	TokenFile string `yaml:"token_file"`
	TokenEnv  string `yaml:"token_env"`
	// CA is a PEM file with certificates that vouch for the address, beside those
	// of the system. Default: none.
	CA string `yaml:"ca"`
	// Filter chooses the devices of a NetBox that are boards: what stands
	// behind the ? of its filtered list, role=board&status=active. Of Mozilla's
	// inventory it is the expression that its search takes. Required by both.
	Filter string `yaml:"filter"`
	// Ignore is a regular expression for the imaging servers whose hosts are no
	// boards, of Mozilla's inventory. Default: none is ignored.
	Ignore string `yaml:"ignore"`
	// Interface of a NetBox's devices is the one that boards boot from. Default: the only one with a
	// MAC that is not for management only.
	Interface string `yaml:"interface"`
	// Fields say where a NetBox has the name, rack, hardware, power, address
	// and console of a board: cf_NAME for a custom field, or one of name site
	// location rack role device_type platform tenant serial asset_tag
	// primary_ip; empty: it is not read. Default: {name: name, rack:
	// cf_mozpool_rack, hardware: device_type, power: cf_mozpool_power, address:
	// primary_ip, console: cf_mozpool_console}.
	Fields map[string]string `yaml:"fields"`
	// Racks and Hardware translate what the source says into racks and hardware
	// types of mozpool; in Mozilla's inventory those are imaging servers, and
	// models as "vendor model" or "model". Default: words stay as they are.
	Racks    map[string]string `yaml:"racks"`
	Hardware map[string]string `yaml:"hardware"`
	// IDs is what stands before the source's own ids in those of boards; two
	// sources of a kind need two. Changing it makes all boards other boards.
	// Default: netbox or mozilla.
	IDs string `yaml:"ids"`
}

// The kinds of sources, as their keys are.
const (
	fileSource    = "file"
	urlSource     = "url"
	netboxSource  = "netbox"
	mozillaSource = "mozilla"
)

// Kind is the key that says where the boards are: file, url, netbox or mozilla; empty:
// none does, or several do. Address is its value.
func (s Source) Kind() (kind, address string) {
	for _, k := range []struct{ kind, address string }{{fileSource, s.File}, {urlSource, s.URL}, {netboxSource, s.NetBox}, {mozillaSource, s.Mozilla}} {
		switch {
		case k.address == "":
		case kind != "":
			return "", ""
		default:
			kind, address = k.kind, k.address
		}
	}
	return kind, address
}

// Prefix is what stands before the source's own ids.
func (s Source) Prefix() string {
	kind, _ := s.Kind()
	if s.IDs != "" || kind == fileSource || kind == urlSource {
		return s.IDs
	}
	return kind
}

// keysOf are the keys beside name that a kind of source understands.
var keysOf = map[string]string{
	fileSource:    "",
	urlSource:     "token_file token_env ca",
	netboxSource:  "token_file token_env ca filter interface fields racks hardware ids",
	mozillaSource: "user token_file token_env ca filter ignore racks hardware ids",
}

// given are the keys of a source that have a value.
func (s Source) given() []string {
	var out []string
	for _, k := range []struct {
		key string
		has bool
	}{
		{"user", s.User != ""}, {"ca", s.CA != ""}, {"ignore", s.Ignore != ""}, {"token_file", s.TokenFile != ""}, {"token_env", s.TokenEnv != ""}, {"filter", s.Filter != ""}, {"interface", s.Interface != ""},
		{"fields", len(s.Fields) > 0}, {"racks", len(s.Racks) > 0}, {"hardware", len(s.Hardware) > 0}, {"ids", s.IDs != ""},
	} {
		if k.has {
			out = append(out, k.key)
		}
	}
	return out
}

// source checks one source; at gives the path of its keys.
func (v *validator) source(s Source, at func(keys ...string) []string) {
	kind, address := s.Kind()
	if kind == "" {
		v.add("wants one of file, url, netbox and mozilla", "write file: boards.yaml, url: https://inventory.example/boards.yaml, or netbox: https://netbox.example", at()...)
		return
	}
	for _, key := range s.given() {
		if !strings.Contains(" "+keysOf[kind]+" ", " "+key+" ") {
			v.add(fmt.Sprintf("has %s, but a %s wants none", key, kind), "remove it", at(key)...)
		}
	}
	if s.TokenFile != "" && s.TokenEnv != "" {
		v.add("has token_file and token_env", "keep one of the two", at()...)
	}
	if kind == fileSource {
		return
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		v.add(fmt.Sprintf("has no %s that can be used", kind), "write one such as https://inventory.example/boards.yaml; a password stands in a token file", at(kind)...)
	}
	if s.IDs != "" && !safeName.MatchString(s.IDs) {
		v.add(fmt.Sprintf("%q cannot stand before ids", s.IDs), safeNameRemedy, at("ids")...)
	}
	switch kind {
	case netboxSource:
		v.netbox(s, at)
	case mozillaSource:
		v.mozilla(s, at)
	}
}

func (v *validator) mozilla(s Source, at func(keys ...string) []string) {
	if s.Filter == "" {
		v.add(mozilla.ErrNoFilter.Error(), "", at("filter")...)
	}
	if (s.User == "") != (s.TokenFile+s.TokenEnv == "") {
		v.add("has one of user and token only", "write user, and token_file or token_env for its password", at()...)
	}
	if _, err := regexp.Compile(s.Ignore); err != nil {
		v.add(fmt.Sprintf("%q is no regular expression", s.Ignore), err.Error(), at("ignore")...)
	}
}

// remarks name the sources whose tokens anybody on the way can read.
func (i Inventory) remarks() []Remark {
	var out []Remark
	for n, s := range i.Sources {
		kind, address := s.Kind()
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" || s.TokenFile+s.TokenEnv == "" {
			continue
		}
		if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.IsLoopback() {
			continue
		}
		out = append(out, Remark(fmt.Sprintf("inventory.sources[%d].%s: the token goes to %s in the clear; write https if it has it", n, kind, u.Host)))
	}
	return out
}

func (v *validator) netbox(s Source, at func(keys ...string) []string) {
	if _, err := netbox.ParseFilter(s.Filter); err != nil {
		v.add(err.Error(), "", at("filter")...)
	}
	if err := netbox.CheckFields(s.Fields); err != nil {
		v.add(err.Error(), "", at("fields")...)
	}
}
