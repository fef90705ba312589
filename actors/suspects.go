package actors

import (
	"slices"
	"strings"
	"sync"

	"mozpool/actors/board"
	"mozpool/actors/inventory"
)

// IncidentImage says that an image fails on boards that work otherwise. It ends on a person's word.
const IncidentImage IncidentKind = "image"

// fate is how an image fared on one board.
type fate struct {
	board string      // its name
	state board.State // in which the attempt ended
	part  board.Part  // that was blamed
	works bool        // the board was ready before, with whatever was on it
}

// fates are the last of an image on a hardware type, the latest last.
type fates struct {
	mu  sync.Mutex
	all map[string][]fate
}

const (
	keptFates      = 32
	suspectBoards  = 3                    // as many boards make an image suspect
	subjectBetween = " on hardware type " // an image and where it fails, in the subject of an incident
	subjectRack    = " in rack "          // and the rack
)

// imageOn is what is suspect: an image on the boards of a hardware type in a rack, whose actors alone know how it fares.
func imageOn(image string, s *inventory.Spec) string {
	return image + subjectBetween + s.Hardware + subjectRack + s.Rack
}

// ImageOf is the image that an incident is about; empty: it is about none.
func (i *Incident) ImageOf() string {
	if i.Kind != IncidentImage {
		return ""
	}
	name, _, _ := strings.Cut(i.Subject, subjectBetween)
	return name
}

// HardwareOf is the hardware type on which that image fails.
func (i *Incident) HardwareOf() string {
	_, where, _ := strings.Cut(i.Subject, subjectBetween)
	hardware, _, _ := strings.Cut(where, subjectRack)
	return hardware
}

// judge says whether an image is suspect: the boards on which it failed last, in one and the same state, although they
// work otherwise; nil: too few of them, or it worked somewhere since the first of them.
func judge(all []fate) (stage board.State, boards []string) {
	last := make(map[string]bool)
	by := make(map[board.State][]string)
	for _, f := range slices.Backward(all) {
		if f.state == board.Ready {
			break // whatever came before, it worked since
		}
		if last[f.board] || !f.works || !imageFault(f) {
			continue
		}
		last[f.board] = true
		by[f.state] = append(by[f.state], f.board)
		if len(by[f.state]) >= suspectBoards {
			slices.Sort(by[f.state])
			return f.state, by[f.state]
		}
	}
	return "", nil
}

// imageFault says whether an end may be the image's fault: what is said of relays, networks and servers is not.
func imageFault(f fate) bool {
	switch f.state {
	case board.FailedLive, board.FailedInstall, board.FailedVerify:
	default:
		return false
	}
	return f.part == board.PartImage || f.part == board.PartCard || f.part == board.PartBoard || f.part == ""
}

// fared notes how an attempt to put an image on a board ended, and opens an incident if the image becomes suspect.
func (f *Fleet) fared(v *View, image string, was board.State) {
	b := &v.Board
	one := fate{board: v.Spec.Name, state: b.State, works: was == board.Ready}
	if b.Blame != nil {
		one.part = b.Blame.Part
	}
	subject := imageOn(image, &v.Spec)
	f.fates.mu.Lock()
	if f.fates.all == nil {
		f.fates.all = make(map[string][]fate)
	}
	all := append(f.fates.all[subject], one)
	all = all[max(0, len(all)-keptFates):]
	f.fates.all[subject] = all
	stage, boards := judge(all)
	f.fates.mu.Unlock()
	if len(boards) > 0 && !f.suspect(image, &v.Spec) {
		f.beginIncident(Incident{Kind: IncidentImage, Subject: subject, Rack: v.Spec.Rack, Boards: boards,
			Text:   "image " + subject + " ends in " + string(stage) + " on " + strings.Join(boards, ", ") + ", which were ready before",
			Remedy: "look at the image; once it is mended: mozpool image clear " + image})
	}
}

// suspect says whether an image is not to be put on a board.
func (f *Fleet) suspect(image string, s *inventory.Spec) bool {
	_, yes := f.suspects.Load(imageOn(image, s))
	return yes
}

// markSuspect keeps the index of suspect images in line with an incident that was opened, loaded or closed.
func (f *Fleet) markSuspect(i *Incident) {
	switch {
	case i.Kind != IncidentImage:
	case i.Closed.IsZero():
		f.suspects.Store(i.Subject, i.ID)
	default:
		f.suspects.Delete(i.Subject)
		f.fates.mu.Lock()
		delete(f.fates.all, i.Subject)
		f.fates.mu.Unlock()
	}
}

// ClearImage ends the suspicion against an image wherever it fails, and lets the boards go on that wait for it.
func (f *Fleet) ClearImage(image, by string) ([]Incident, error) {
	var closed []Incident
	for _, i := range f.Incidents() {
		if i.Closed.IsZero() && image != "" && i.ImageOf() == image {
			closed = append(closed, f.closeIncident(i.ID, by))
		}
	}
	if len(closed) == 0 {
		return nil, problem(NotFound, "see mozpool incident list", "image %q is not suspect", image)
	}
	return closed, nil
}

// cleared lets the boards go on that wait for an image.
func (f *Fleet) cleared(subject string) {
	for _, v := range f.Views() {
		if v.Board.WaitsFor(board.ForImage) && imageOn(v.Board.Image, &v.Spec) == subject {
			f.send(v.Spec.ID, &item{in: board.Input{Kind: board.ImageCleared}})
		}
	}
}
