package main

import (
	"context"
	"errors"
	"strings"
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

// A demo of no boards, racks or servers, or of fewer, is refused.
func TestDemoOfNothing(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--boards=0", "--boards=-1", "--racks=0", "--racks=-1", "--servers=0", "--servers=-1"} {
		var c demoCommand
		p, err := kong.New(&c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Parse([]string{flag}); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop() // a demo that is run ends at once
		var usage usageError
		if err := c.Run(ctx); !errors.As(err, &usage) || !strings.Contains(err.Error(), strings.Replace(flag, "=", " ", 1)+": from 1 to") {
			t.Errorf("%s: %v", flag, err)
		}
	}
}
