package power_test

import (
	"context"
	"testing"
	"time"

	"mozpool/relayproto/power"
)

// BenchmarkSwitch is one outlet made off and on again, each read back, in one
// session: the kinds against each other, without the rest after a session.
func BenchmarkSwitch(b *testing.B) {
	for _, name := range []string{"proxr", "shelly2", "exec"} {
		b.Run(name, func(b *testing.B) {
			r := rigs[name](b)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
			defer cancel()
			s, err := power.Open(ctx, r.spec, power.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			for b.Loop() {
				if err := s.MakeOff(r.spec); err != nil {
					b.Fatal(err)
				}
				if err := s.MakeOn(r.spec); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
