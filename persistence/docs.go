package persistence

import (
	"cmp"
	"context"
	"fmt"
)

func checkDoc(d Doc) error {
	if err := cmp.Or(checkName("kind", d.Kind), checkName("document", d.Name)); err != nil {
		return err
	}
	if len(d.Data) > MaxDoc {
		return fmt.Errorf("%w: document %s/%s has %d bytes, at most %d fit", ErrInvalid, d.Kind, d.Name, len(d.Data), MaxDoc)
	}
	return nil
}

// PutDoc implements Journal.
func (j Core) PutDoc(ctx context.Context, d Doc) error {
	if err := checkDoc(d); err != nil {
		return err
	}
	err := j.store.Write(ctx, putDocOp{d})
	if err != nil {
		return fmt.Errorf("store document %s/%s: %w", d.Kind, d.Name, err)
	}
	return nil
}

// SwapDoc implements Journal. Only the hash of what was there is sent to others.
func (j Core) SwapDoc(ctx context.Context, d Doc, was []byte) error {
	if err := checkDoc(d); err != nil {
		return err
	}
	if err := j.store.Write(ctx, swapDocOp{Doc: d, Was: hashOf(was)}); err != nil {
		return fmt.Errorf("swap document %s/%s: %w", d.Kind, d.Name, err)
	}
	return nil
}

// DeleteDoc implements Journal.
func (j Core) DeleteDoc(ctx context.Context, kind, name string) error {
	err := j.store.Write(ctx, deleteDocOp{kind, name})
	if err != nil {
		return fmt.Errorf("delete document %s/%s: %w", kind, name, err)
	}
	return nil
}

// GetDoc implements Journal.
func (j Core) GetDoc(ctx context.Context, kind, name string) (Doc, error) {
	d := Doc{Kind: kind, Name: name}
	err := j.store.Read(ctx, func(tx KV) (err error) {
		d.Data, err = tx.Get(docKey(kind, name))
		return err
	})
	if err != nil {
		return Doc{}, fmt.Errorf("read document %s/%s: %w", kind, name, err)
	}
	return d, nil
}

// ListDocs implements Journal.
func (j Core) ListDocs(ctx context.Context, kind, prefix string) (docs []Doc, err error) {
	err = j.store.Read(ctx, func(tx KV) (err error) {
		docs, err = readDocs(tx, kind, prefix)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list documents of kind %s: %w", kind, err)
	}
	return docs, nil
}
