package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"sync/atomic"
	"time"
)

// Errors of Identify. Their texts are for the client, and say nothing of which tokens there are.
var (
	ErrNone    = errors.New("no token came with the request")
	ErrUnknown = errors.New("the token is not known, or has expired")
	ErrTooMany = errors.New("too many unknown tokens came from this address")
)

// Gate knows the tokens of the moment. It is safe for all goroutines.
type Gate struct {
	tokens  atomic.Pointer[[]Token]
	guesses *guesses
	now     func() time.Time
}

// NewGate makes a gate without tokens, so nobody passes. now nil: time.Now.
func NewGate(now func() time.Time) *Gate {
	if now == nil {
		now = time.Now
	}
	g := &Gate{guesses: newGuesses(), now: now}
	g.Set(nil)
	return g
}

// Set replaces the tokens.
func (g *Gate) Set(tokens []Token) { g.tokens.Store(&tokens) }

// Identify says whom the Authorization header of a request from an address belongs to. A token that is known always
// passes: those who share an address with somebody who guesses are not shut out.
func (g *Gate) Identify(authorization, from string) (Caller, error) {
	scheme, secret, _ := strings.Cut(authorization, " ")
	if secret = strings.TrimSpace(secret); !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return Caller{From: from}, ErrNone
	}
	now := g.now()
	if t := g.find(secret, now); t != nil {
		return Caller{Name: t.Name, Role: t.Role, Racks: t.Racks, From: from}, nil
	}
	if g.guesses.add(from, now) {
		return Caller{From: from}, ErrTooMany
	}
	return Caller{From: from}, ErrUnknown
}

// find compares with every token, in a time that does not tell how far the comparison came.
func (g *Gate) find(secret string, now time.Time) (found *Token) {
	sum := sha256.Sum256([]byte(secret))
	tokens := *g.tokens.Load()
	for i := range tokens {
		t := &tokens[i]
		if subtle.ConstantTimeCompare(sum[:], t.Hash[:]) == 1 && !t.expired(now) {
			found = t
		}
	}
	return found
}
