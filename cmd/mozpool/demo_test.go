package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

// The value of --inventory may be left out, and what follows is not taken for it.
func TestDemoInventoryFlag(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		args []string
		want inventoryKind
	}{
		{nil, ""}, {[]string{"--inventory"}, "netbox"}, {[]string{"--inventory=mozilla"}, "mozilla"}, {[]string{"--inventory", "--once"}, "netbox"},
		{[]string{"--once", "--inventory=netbox"}, "netbox"},
	} {
		var c demoCommand
		p, err := kong.New(&c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Parse(tc.args); err != nil || c.Inventory != tc.want {
			t.Errorf("%q: %q, %v", tc.args, c.Inventory, err)
		}
	}
	p, err := kong.New(&demoCommand{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse([]string{"--inventory=paper"}); err == nil {
		t.Error("an inventory of paper is taken")
	}
}
