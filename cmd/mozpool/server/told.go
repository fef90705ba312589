package server

import (
	"mozpool/actors"
	"mozpool/httpapi/events"
	v1 "mozpool/httpapi/v1"
)

// Events is where the transitions of all boards can be followed.
func (s *Server) Events() *events.Hub { return s.events }

// told passes a transition on to those who follow all boards.
func (s *Server) told(name, rack string, e actors.Event) {
	s.events.Publish(boardEvent(name, rack, e))
}

func boardEvent(name, rack string, e actors.Event) v1.BoardEvent {
	return v1.BoardEvent{Board: name, Rack: rack, Attempt: e.Attempt,
		Event: v1.Event{At: e.At.UTC(), From: e.From, To: e.To, By: e.By, Visit: e.Visit, Boot: e.Boot, Part: e.Part, Text: e.Text}}
}
