package replica

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"mozpool/persistence"
)

func TestErrorsTravel(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, persistence.ErrFenced, persistence.ErrConflict, persistence.ErrInvalid,
		persistence.ErrNotFound, persistence.ErrUnavailable, persistence.ErrUnknown} {
		var b bytes.Buffer
		must(t, writeFrame(&b, reply{Answers: []answer{pack(err)}}))
		var rep reply
		must(t, readFrame(&b, &rep))
		got := rep.Answers[0].unpack()
		if !errors.Is(got, err) || err != nil && got.Error() != err.Error() {
			t.Errorf("%v arrived as %v", err, got)
		}
	}
	for _, a := range []answer{pack(io.EOF), {Kind: '!', Text: "of a newer version"}} {
		if err := a.unpack(); !errors.Is(err, persistence.ErrUnknown) {
			t.Errorf("what cannot be named must be unknown, got %v", err)
		}
	}
}

// What a newer server says beside what is understood here is passed over; a question that is not understood is refused.
func TestQuestionsOfANewerVersion(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	must(t, writeFrame(&b, map[int]any{3: true, 99: "more"}))
	must(t, writeFrame(&b, map[int]any{99: "more"}))
	r := openTest(t, t.TempDir(), Options{})
	for _, want := range []string{"", "a question of a newer version"} {
		var q question
		must(t, readFrame(&b, &q))
		rep := r.answer(nil, q)
		if refused := rep.Refused != nil; refused != (want != "") || refused && !strings.Contains(rep.Refused.Text, want) {
			t.Errorf("answered %+v, want %q", rep, want)
		}
	}
}

func TestFramesAreBounded(t *testing.T) {
	t.Parallel()
	err := readFrame(strings.NewReader("\xff\xff\xff\xff"), &reply{})
	if err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("got %v", err)
	}
}

// Only what never left is known to have done nothing.
func TestUnansweredQuestions(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	go func() {
		var q question
		_ = readFrame(there, &q)
		_ = there.Close()
	}()
	dialed := false
	a := &asker{idle: map[string][]net.Conn{}, dial: func(context.Context, string) (net.Conn, error) {
		if dialed {
			return nil, errCut
		}
		dialed = true
		return here, nil
	}}
	for _, want := range []error{persistence.ErrUnknown, persistence.ErrUnavailable} {
		_, err := a.ask(t.Context(), "there", question{Health: true})
		if err == nil || !errors.Is(lost(err), want) {
			t.Errorf("got %v, want %v", lost(err), want)
		}
	}
}

// A connection of no purpose is closed, and closing does not wait for those
// that say nothing.
func TestExchangeSortsConnections(t *testing.T) {
	t.Parallel()
	n := (&fabric{cut: map[string]bool{}}).network(t)
	asked := make(chan struct{})
	x := newExchange(n, func(net.Conn) { close(asked) })
	wrong, err := x.dial(t.Context(), n.Address, '?')
	must(t, err)
	if _, err := wrong.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("no purpose: %v", err)
	}
	_, err = x.dial(t.Context(), n.Address, forAsks)
	must(t, err)
	<-asked
	_, err = x.Dial("", 1)
	if err == nil {
		t.Error("connected to nowhere")
	}
	_, err = n.Dial(t.Context(), n.Address) // says nothing
	must(t, err)
	c, err := x.dial(t.Context(), n.Address, forRaft)
	must(t, err)
	theirs, err := x.Accept()
	must(t, err)
	must(t, errors.Join(c.Close(), theirs.Close(), x.Close(), x.Close()))
	if _, err := x.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
}
