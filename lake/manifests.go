package lake

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/iceberg-go"
)

// mergeAbove is how many manifests of one content a snapshot may have before they
// are written as one.
const mergeAbove = 64

// manifests writes the manifests that are new in the snapshot and returns those
// with the earlier ones that it keeps. A manifest without live files is not kept.
func (w *draft) manifests(old *files) ([]iceberg.ManifestFile, error) {
	var out []iceberg.ManifestFile
	for _, content := range []iceberg.ManifestContent{iceberg.ManifestContentData, iceberg.ManifestContentDeletes} {
		files := w.added
		if content == iceberg.ManifestContentDeletes {
			files = nil
			for _, f := range w.deletes {
				files = append(files, dataFile{DataFile: f})
			}
		}
		kept, err := w.keep(old, content)
		if err != nil {
			return nil, err
		}
		if len(files) > 0 {
			m, err := w.manifest(content, "new", func(mw *iceberg.ManifestWriter) error {
				for _, f := range files {
					if err := mw.Add(iceberg.NewManifestEntry(iceberg.EntryStatusADDED, &w.id, f.sequence, nil, f.DataFile)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
		out = append(out, kept...)
	}
	return out, nil
}

// keep returns the earlier manifests of a content, without the files that are gone:
// where a manifest has some, what is left goes into a new
// one, and so it does where manifests have become many.
func (w *draft) keep(old *files, content iceberg.ManifestContent) ([]iceberg.ManifestFile, error) {
	var kept []iceberg.ManifestFile
	var stay, gone []entry
	many := 0
	for _, m := range old.manifests {
		if m.file.ManifestContent() == content {
			many++
		}
	}
	for _, m := range old.manifests {
		if m.file.ManifestContent() != content || len(m.entries) == 0 {
			continue
		}
		var left, out []entry
		for _, e := range m.entries {
			if w.gone(e) {
				out = append(out, e)
				w.removed = append(w.removed, e.DataFile())
			} else {
				left = append(left, e)
			}
		}
		// A manifest belongs to one partition spec; the others have to stay apart.
		if len(out) == 0 && (many <= mergeAbove || m.file.PartitionSpecID() != int32(w.meta.DefaultPartitionSpec())) {
			kept = append(kept, m.file)
			continue
		}
		stay, gone = append(stay, left...), append(gone, out...)
	}
	if len(stay)+len(gone) == 0 {
		return kept, nil
	}
	m, err := w.manifest(content, "kept", func(mw *iceberg.ManifestWriter) error {
		for _, e := range stay {
			if err := mw.Existing(e.ManifestEntry); err != nil {
				return err
			}
		}
		for _, e := range gone {
			if err := mw.Delete(e.ManifestEntry); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(kept, m), nil
}

// manifest writes one manifest.
func (w *draft) manifest(content iceberg.ManifestContent, name string, fill func(*iceberg.ManifestWriter) error) (iceberg.ManifestFile, error) {
	path := w.metaPath(fmt.Sprintf("%d-%s-%s.avro", w.id, content, name))
	var mw *iceberg.ManifestWriter
	n, err := w.file(path, func(out io.Writer) (err error) {
		mw, err = iceberg.NewManifestWriter(2, out, w.meta.PartitionSpec(), w.meta.CurrentSchema(), w.id, iceberg.WithManifestWriterContent(content))
		if err != nil {
			return err
		}
		return errors.Join(fill(mw), mw.Close())
	})
	if err != nil {
		return nil, err
	}
	return mw.ToManifestFile(path, n)
}

// undo removes what was written.
func (w *draft) undo() error {
	var errs []error
	for _, path := range w.own {
		errs = append(errs, os.Remove(path))
	}
	return errors.Join(errs...)
}
