package board

import (
	"testing"
	"time"
)

// FuzzStep feeds a board whatever the bytes say, three for each input: which kind, how old, and what it brings. The
// board must stay sound, and come to rest once nothing but silence follows.
func FuzzStep(f *testing.F) {
	f.Add([]byte{13, 0, 0, 3, 0, 0, 4, 0, 0, 26, 0, 0, 29, 0, 0, 30, 0, 1})
	f.Add([]byte{13, 0, 4, 1, 0, 0, 1, 0, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		w := &walk{t: t, rules: &Rules{Tries: 2}}
		b, now := NewBoard(searchNow), searchNow
		for ; len(data) >= 3 && len(data) < 3*400; data = data[3:] {
			now = now.Add(time.Duration(data[1]>>2) * time.Minute)
			in := Input{Kind: everyKind[int(data[0])%len(everyKind)], Now: now, Rules: w.rules, Visit: b.Visit - uint64(data[1]&1), Token: b.Token,
				Place: data[2]&1 == 0, Good: data[2]&2 != 0, Force: data[2]&4 != 0, Bare: data[2]&8 != 0, Image: "v2",
				Want: everyWant[int(data[2]>>4)%len(everyWant)], To: settable[int(data[2]>>4)%len(settable)], Fresh: Token{byte(b.Visit), 7}}
			if data[1]&2 != 0 && len(b.Past) > 0 {
				in.Token = b.Past[0]
			}
			r := Step(b, in)
			w.judge(&b, &in, &r)
			b = r.Board
		}
		for range 200 {
			if b.State.Rest() {
				return
			}
			now = now.Add(2 * time.Hour)
			in := Input{Kind: Timeout, Now: now, Rules: w.rules, Visit: b.Visit, Place: true, Fresh: Token{9}}
			if b.WaitsFor(ForRelay) {
				in.Kind = RelayUp
			}
			b = Step(b, in).Board
		}
		t.Errorf("never comes to rest: %s, tries %v, cycles %d", b.State, b.Tries, b.Cycles)
	})
}
