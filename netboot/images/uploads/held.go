package uploads

import (
	"errors"
	"os"
)

// Held is an artifact that can be read whatever becomes of it in the folder.
type Held struct {
	Artifact
	File *os.File // at its beginning
}

// Hold opens everything that is there, so that what is deleted from now on is still read. The caller closes each.
func (s *Store) Hold() (all []Held, err error) {
	s.naming.Lock() // none comes or goes between the list and the opening
	defer s.naming.Unlock()
	list, err := s.List()
	if err != nil {
		return nil, err
	}
	for _, a := range list {
		f, err := s.Read(a.SHA256)
		if err != nil {
			return nil, errors.Join(err, Release(all))
		}
		all = append(all, Held{a, f})
	}
	return all, nil
}

// Release closes what Hold opened.
func Release(all []Held) (err error) {
	for _, h := range all {
		err = errors.Join(err, h.File.Close())
	}
	return err
}
