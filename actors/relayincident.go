package actors

import (
	"fmt"

	"mozpool/actors/board"
)

// beginIncident stops the boards behind a relay board that gives no sign of life. It is told once, and stored.
func (a *relayActor) beginIncident() {
	a.st.incident = a.f.beginIncident(Incident{Kind: IncidentRelay, Subject: a.name, Rack: a.f.rackBehind(a.name), Boards: a.f.hangOn(a.name),
		Text:   fmt.Sprintf("relay board %s gives no sign of life: %s", a.name, a.st.err),
		Remedy: "look at its plug and its network; boards that wait for it go on by themselves"})
	a.sendAway()
}

// endIncident lets the boards go on that waited.
func (a *relayActor) endIncident() {
	a.f.closeIncident(a.st.incident, "itself")
	a.st.incident, a.st.err = "", ""
	for _, v := range a.f.Views() {
		if sw, err := a.f.switchOf(v.Spec); err == nil && sw.Board == a.name && v.Board.WaitsFor(board.ForRelay) {
			a.release(v.Spec.ID)
		}
	}
}

// sendAway tells boards that are to be cut or powered that they have to wait; what else waits stays in the line.
func (a *relayActor) sendAway() {
	for _, o := range a.line.ops {
		if o.isPower() {
			a.f.send(o.id, &item{in: board.Input{Kind: board.RelayDown, Visit: o.visit, Good: !o.wired, Text: a.st.err}})
		}
	}
	a.line.drop(func(o *powerOp) bool { return o.isPower() && o.do == board.MakeOff })
}

// release lets a board go on that waits for this relay board, unless it has to wait on.
func (a *relayActor) release(id string) {
	v := a.f.ByID(id)
	if a.st.incident != "" || v == nil || a.f.rack(v.Spec.Rack).crossings.held(id) {
		return
	}
	a.f.send(id, &item{in: board.Input{Kind: board.RelayUp}})
}

// release asks the actor of a board's relay board to let the board go on; without a relay, it may go on at once.
func (f *Fleet) release(v *View) {
	sw, err := f.switchOf(v.Spec)
	if err != nil || sw.Manual() {
		f.send(v.Spec.ID, &item{in: board.Input{Kind: board.RelayUp}})
		return
	}
	f.root.Send(f.relay(sw), &awaits{v.Spec.ID})
}

// tendRelays makes the actors of relay boards that are to be looked after although no board asks for them: those in
// trouble, and all if idle ones are tested.
func (f *Fleet) tendRelays() {
	for _, v := range f.Views() {
		sw, err := f.switchOf(v.Spec)
		if err == nil && !sw.Manual() && (f.cfg.Relays.Test > 0 || f.incidents.open(IncidentRelay, sw.Board) != nil) {
			f.relay(sw)
		}
	}
	for _, i := range f.Incidents() {
		if i.Kind == IncidentRelay && i.Closed.IsZero() && f.serves(i.Rack) && len(f.hangOn(i.Subject)) == 0 {
			f.closeIncident(i.ID, "inventory")
		}
	}
}

// serves says whether a rack is this fleet's. In a cluster all racks' incidents are in one journal.
func (f *Fleet) serves(rack string) bool {
	_, here := f.cfg.Racks[rack]
	return here || f.cfg.Lease == nil
}

// rackBehind is the rack of the boards behind a relay board, which is the same for all in a cluster.
func (f *Fleet) rackBehind(name string) string {
	for _, v := range f.Views() {
		if sw, err := f.switchOf(v.Spec); err == nil && sw.Board == name {
			return v.Spec.Rack
		}
	}
	return ""
}

// hangOn are the names of the boards behind a relay board.
func (f *Fleet) hangOn(name string) (boards []string) {
	for _, v := range f.Views() {
		if sw, err := f.switchOf(v.Spec); err == nil && sw.Board == name {
			boards = append(boards, v.Spec.Name)
		}
	}
	return boards
}
