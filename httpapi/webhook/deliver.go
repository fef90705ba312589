package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"

	v1 "mozpool/httpapi/v1"
)

// run reads and delivers until ctx ends.
func (s *Sender) run(ctx context.Context, h *hook) {
	for {
		e, lost, err := h.from.Wait(ctx)
		if err != nil {
			return
		}
		h.lose(lost)
		if !h.Filter.Fits(e) {
			continue
		}
		if s.deliver(ctx, h, e) || ctx.Err() != nil {
			continue
		}
		s.cfg.Logger.Error("a webhook is disabled until the next reload", "url", harmless(h.URL))
		select {
		case <-h.wake:
			h.from = s.cfg.Events.Now()
			h.set(func(v *v1.Webhook) { v.State = v1.WebhookGood })
			h.since = time.Time{}
		case <-ctx.Done():
			return
		}
	}
}

// errGone says that the receiver wants no more.
var errGone = errors.New("the receiver answered 410: it wants no more")

// deliver tries until the event is taken. false: the hook is dead, or ctx has ended.
func (s *Sender) deliver(ctx context.Context, h *hook, e v1.BoardEvent) bool {
	body, err := json.Marshal(e)
	if err != nil {
		return true // texts and numbers always encode
	}
	for pause := s.cfg.First; ; pause = min(2*pause, s.cfg.Last) {
		err := s.post(ctx, h, e.ID, body)
		if h.tried(err, s.cfg.Clock(), s.cfg.GiveUp) {
			return err == nil
		}
		t := time.NewTimer(pause/2 + rand.N(pause/2+1))
		select {
		case <-t.C:
		case <-h.wake: // somebody has put it right, perhaps
			t.Stop()
		case <-ctx.Done():
			t.Stop()
			return false
		}
	}
}

// post sends an event once. The signature covers the time, so that a delivery that somebody kept is known as old.
func (s *Sender) post(ctx context.Context, h *hook, id string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be used")
	}
	at := strconv.FormatInt(s.cfg.Clock().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "mozpool")
	req.Header.Set(v1.WebhookID, id)
	req.Header.Set(v1.WebhookTime, at)
	req.Header.Set(v1.WebhookSignature, Sign(h.Secret, at, body))
	res, err := s.http.Do(req)
	var of *url.Error
	switch {
	case errors.As(err, &of):
		return of.Err // without the address, which may hold a secret
	case err != nil:
		return err
	}
	defer func() { _ = res.Body.Close() }()                    // read only
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4096)) // so that the connection is used again
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode == http.StatusGone:
		return errGone
	}
	return fmt.Errorf("the receiver answered %s", res.Status)
}

// Sign is the signature of a delivery at a time (Unix seconds): "sha256=" and the HMAC of time, dot and body.
func Sign(secret []byte, at string, body []byte) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(at + "."))
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

func (h *hook) set(change func(*v1.Webhook)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.shown)
}

func (h *hook) lose(n uint64) {
	if n > 0 {
		h.set(func(v *v1.Webhook) { v.Lost += n })
	}
}

// tried notes how a try went, and says whether it was the last of this event.
func (h *hook) tried(err error, now time.Time, giveUp time.Duration) (over bool) {
	if err == nil {
		h.since = time.Time{}
		h.set(func(v *v1.Webhook) {
			v.State, v.Error, v.Failures = v1.WebhookGood, "", 0
			v.Delivered++
		})
		return true
	}
	if h.since.IsZero() {
		h.since = now
	}
	dead := errors.Is(err, errGone) || now.Sub(h.since) >= giveUp
	h.set(func(v *v1.Webhook) {
		v.State, v.Error = v1.WebhookFailing, err.Error()
		v.Failures++
		if dead {
			v.State = v1.WebhookDisabled
		}
	})
	return dead
}
