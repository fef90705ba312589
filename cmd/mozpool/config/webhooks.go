package config

import (
	"fmt"
	"net/url"
	"path"
	"strconv"

	"mozpool/actors/board"
)

// webhooks checks those who are told of events.
func (v *validator) webhooks(c *Config) {
	for i, h := range c.Webhooks {
		at := func(key string) []string { return []string{"webhooks", strconv.Itoa(i), key} }
		if u, err := url.Parse(h.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			v.add("has no url that can be used", "write one such as https://ci.example/mozpool", at("url")...)
		}
		if h.SecretFile == "" {
			v.add("has no secret_file", "write a random key into a file, such as: openssl rand -hex 32 > hook.secret", at("secret_file")...)
		}
		if _, err := path.Match(h.Board, ""); err != nil {
			v.add(fmt.Sprintf("%q is no pattern", h.Board), "write * and ? for what may differ", at("board")...)
		}
		if _, known := c.Racks[h.Rack]; h.Rack != "" && !known {
			v.add(fmt.Sprintf("there is no rack %s", h.Rack), "correct the name, or add the rack", at("rack")...)
		}
		for _, s := range h.States {
			if s != "failed" && !board.State(s).Valid() {
				v.add(fmt.Sprintf("%q is no state", s), "use names of states, or failed for all of failed_…", at("states")...)
			}
		}
	}
}
