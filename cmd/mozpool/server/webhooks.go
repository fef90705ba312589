package server

import (
	"bytes"
	"fmt"
	"os"

	"mozpool/cmd/mozpool/config"
	"mozpool/httpapi/events"
	"mozpool/httpapi/webhook"
)

// minSecret is the shortest key of a signature that is worth the name.
const minSecret = 16

// openWebhooks reads the keys of the webhooks.
func (s *Server) openWebhooks() error {
	hooks, err := readWebhooks(s.cfg)
	if err != nil {
		return configError{err}
	}
	s.webhooks = webhook.New(webhook.Config{Events: s.owned, Logger: s.log, Clock: s.opts.Clock, Hooks: hooks})
	return nil
}

func readWebhooks(cfg config.Config) (hooks []webhook.Hook, err error) {
	for i, h := range cfg.Webhooks {
		data, err := os.ReadFile(h.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("webhooks.%d: read the key: %w", i, err)
		}
		secret := bytes.TrimSpace(data)
		if len(secret) < minSecret {
			return nil, fmt.Errorf("webhooks.%d: the key in %s has %d bytes; write %d at least, such as: openssl rand -hex 32", i, h.SecretFile, len(secret), minSecret)
		}
		hooks = append(hooks, webhook.Hook{URL: h.URL, Secret: secret, Filter: events.Filter{Board: h.Board, Rack: h.Rack, States: h.States}})
	}
	return hooks, nil
}
