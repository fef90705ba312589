package persistence_test

import (
	"testing"

	"mozpool/persistence"
	"mozpool/persistence/journaltest"
)

func TestMemoryIsAJournal(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(*testing.T) persistence.Journal { return persistence.NewMemory() })
}

func TestLocalIsAJournal(t *testing.T) {
	t.Parallel()
	journaltest.Run(t, func(t *testing.T) persistence.Journal {
		j, err := persistence.OpenLocal(t.TempDir(), persistence.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := j.Close(); err != nil {
				t.Error(err)
			}
		})
		return j
	})
}
