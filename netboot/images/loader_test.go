package images

import "testing"

// TestRenderScript: the golden files are each form that an iPXE may get.
func TestRenderScript(t *testing.T) {
	t.Parallel()
	boot := Boot{Server: "10.91.0.1", Port: 8000, Token: "abcdefghijklmnopqrstuvwxyz", Board: "board1", MAC: "52:54:00:01:00:01", Rack: "r1", Attempt: 7, Boot: 9}
	own := Machine{Name: "own", Entry: "#!ipxe\nkernel {{.URL}}/kernel {{.Append}}\nboot\n\n\n", Loader: IPXE}
	for name, m := range map[string]Machine{
		"script-amd64": {Name: "qemu-amd64", Append: "console=ttyS0 panic=10"},
		"script-fdt":   {Name: "tree", Append: "ip=%IPADDRESS%", FDT: &File{}, Squashfs: &File{}},
		"script-own":   own,
	} {
		o := Order{Image: "v2", Hardware: m}
		got, err := RenderEntry(IPXE, o, VarsOf(o, boot))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".ipxe", got)
	}
	golden(t, "chain.ipxe", []byte(ChainScript))
	golden(t, "card.ipxe", []byte(CardScript))
}

// TestOwnEntryIsOfOneFamily: a loader of another family gets the built-in entry, not one that it cannot read.
func TestOwnEntryIsOfOneFamily(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pinned, asks Loader
		own, boots   bool
	}{
		{AnyLoader, PXELINUX, true, true}, {AnyLoader, IPXE, false, true},
		{PXELINUX, PXELINUX, true, true}, {PXELINUX, IPXE, false, false},
		{IPXE, PXELINUX, false, false}, {IPXE, IPXE, true, true},
	} {
		o := Order{Hardware: Machine{Loader: tc.pinned, Entry: "own"}}
		if got := o.template(tc.asks) == "own"; got != tc.own || o.Boots(tc.asks) != tc.boots {
			t.Errorf("pinned %q, %s asks: own %v, boots %v", tc.pinned, tc.asks, got, o.Boots(tc.asks))
		}
	}
}

func TestCheckEntryKnowsTheLanguage(t *testing.T) {
	t.Parallel()
	const script, config = "#!ipxe\nkernel {{.URL}}/kernel {{.Append}}\nboot\n", "APPEND {{.Append}}\n"
	for _, tc := range []struct {
		l          Loader
		text, want string
	}{
		{IPXE, script, ""}, {AnyLoader, config, ""}, {PXELINUX, config, ""},
		{IPXE, config, "begin it with a line #!ipxe"}, {AnyLoader, script, "set loader: ipxe"}, {PXELINUX, script, "set loader: ipxe"},
		{IPXE, "#!ipxe\nboot {{.URL}}/kernel\n", "where its second stage is"},
	} {
		err := checkEntry(tc.l, tc.text)
		if tc.want == "" && err != nil {
			t.Errorf("%q for %q: %v", tc.text, tc.l, err)
		}
		if tc.want != "" {
			wants(t, err, tc.want)
		}
	}
}

func TestLoaderKey(t *testing.T) {
	t.Parallel()
	var l Loader
	if err := l.UnmarshalText([]byte("ipxe")); err != nil || l != IPXE {
		t.Errorf("%q, %v", l, err)
	}
	wants(t, l.UnmarshalText([]byte("pxe")), "did you mean")
}
