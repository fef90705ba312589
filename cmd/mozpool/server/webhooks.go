package server

import (
	"bytes"
	"fmt"
	"os"

	"mozpool/httpapi/events"
	"mozpool/httpapi/webhook"
)

// minSecret is the shortest key of a signature that is worth the name.
const minSecret = 16

// openWebhooks reads the keys of the webhooks.
func (s *Server) openWebhooks() error {
	c := webhook.Config{Events: s.owned, Logger: s.log, Clock: s.opts.Clock}
	for i, h := range s.cfg.Webhooks {
		data, err := os.ReadFile(h.SecretFile)
		if err != nil {
			return configError{fmt.Errorf("webhooks.%d: read the key: %w", i, err)}
		}
		secret := bytes.TrimSpace(data)
		if len(secret) < minSecret {
			return configError{fmt.Errorf("webhooks.%d: the key in %s has %d bytes; write %d at least, such as: openssl rand -hex 32", i, h.SecretFile, len(secret), minSecret)}
		}
		c.Hooks = append(c.Hooks, webhook.Hook{URL: h.URL, Secret: secret, Filter: events.Filter{Board: h.Board, Rack: h.Rack, States: h.States}})
	}
	s.webhooks = webhook.New(c)
	return nil
}
