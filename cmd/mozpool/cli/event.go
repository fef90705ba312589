package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"mozpool/httpapi/client"
	"mozpool/httpapi/selector"
	v1 "mozpool/httpapi/v1"
)

// Event is "mozpool event".
type Event struct {
	Format
	Watch    EventWatch    `cmd:"" help:"Show each transition of a board as it comes, until interrupted."`
	Webhooks EventWebhooks `cmd:"" help:"List the programs that are told of events, and how that goes."`
}

// EventWebhooks is "mozpool event webhooks".
type EventWebhooks struct{ Watched }

// Run lists the webhooks.
func (l *EventWebhooks) Run(c *Context) error {
	return listing[v1.Webhook]{of: c.Client.Webhooks,
		head: []string{"URL", "STATE", "DELIVERED", "FAILURES", "LOST", "ERROR"},
		name: func(h v1.Webhook) string { return h.URL },
		row: func(h v1.Webhook) []cell {
			state := plain(string(h.State))
			if h.State != v1.WebhookGood {
				state.color = red
			}
			return []cell{plain(h.URL), state, plain(fmt.Sprint(h.Delivered)), plain(fmt.Sprint(h.Failures)), plain(fmt.Sprint(h.Lost)), plain(h.Error)}
		}}.run(c, l.Watched)
}

// EventWatch is "mozpool event watch".
type EventWatch struct {
	Board string `help:"Only boards of this name; * and ? may stand in it."`
	Rack  string `help:"Only boards of this rack."`
	State string `help:"Only when boards enter these states, separated by commas; failed for all of failed_…"`
	After string `placeholder:"ID" help:"Begin after the event with this ID, which -o json shows."`
}

// Run shows the events; as JSON an object a line. When the server stops it waits until it is back.
func (w *EventWatch) Run(c *Context) error {
	if err := w.check(c); err != nil {
		return watchOver(true, c, err)
	}
	away := false
	q := client.EventQuery{Board: w.Board, Rack: w.Rack, State: w.State, Last: w.After, Opened: func() { away = false }}
	for {
		err := c.Client.Events(c.Context, q, func(h client.Happening) error {
			if h.Reset {
				_, _ = fmt.Fprintln(c.Err, "(events were lost here; see: mozpool board list)") // for people only
				return nil
			}
			q.Last = h.ID
			return c.eventLine(h)
		})
		var gone *client.Unreachable
		if !errors.As(err, &gone) || c.Context.Err() != nil {
			return watchOver(true, c, err)
		}
		if !away {
			away = true
			say(c.Err, fmt.Errorf("%w; looking again until it is back", err))
		}
		if !c.pause() {
			return nil
		}
	}
}

// check looks whether there is anything to watch before the wait begins: a slip in a name would be waited for for ever.
func (w *EventWatch) check(c *Context) error {
	boards, err := c.Client.Boards(c.Context, client.Query{Rack: w.Rack})
	if err != nil {
		return err
	}
	missing := []string(nil)
	if w.Board != "" {
		boards, missing = selector.Names(boards, []string{w.Board})
	}
	switch {
	case len(missing) > 0:
		return noBoards(missing)
	case len(boards) == 0 && c.forPeople():
		_, _ = fmt.Fprintln(c.Err, "(no board fits yet)") // for people only
	}
	return nil
}

func (c *Context) eventLine(h client.Happening) error {
	switch c.Output {
	case "json":
		return json.NewEncoder(c.Out).Encode(h.BoardEvent)
	case "yaml":
		return c.showYAML([]any{h.BoardEvent})
	case "name":
		_, err := fmt.Fprintln(c.Out, h.Board)
		return err
	}
	text := fmt.Sprintf("%s %s: %s → %s (%s)", h.At.UTC().Format("2006-01-02T15:04:05.000Z"), h.Board, h.From, h.To, h.By)
	if h.Text != "" {
		text += ": " + visible(h.Text)
	}
	_, err := fmt.Fprintln(c.Out, text)
	return err
}
