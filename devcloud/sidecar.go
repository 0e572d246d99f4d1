package devcloud

import (
	"os"
	"path/filepath"

	"github.com/versity/versitygw/backend/meta"
)

// sidecar keeps metadata in files. It names buckets by the last element of
// their path, so that a data folder can be moved.
type sidecar struct{ files meta.SideCar }

func (s sidecar) RetrieveAttribute(f *os.File, bucket, object, attribute string) ([]byte, error) {
	return s.files.RetrieveAttribute(f, filepath.Base(bucket), object, attribute)
}

func (s sidecar) StoreAttribute(f *os.File, bucket, object, attribute string, value []byte) error {
	return s.files.StoreAttribute(f, filepath.Base(bucket), object, attribute, value)
}

func (s sidecar) DeleteAttribute(bucket, object, attribute string) error {
	return s.files.DeleteAttribute(filepath.Base(bucket), object, attribute)
}

func (s sidecar) ListAttributes(bucket, object string) ([]string, error) {
	return s.files.ListAttributes(filepath.Base(bucket), object)
}

func (s sidecar) DeleteAttributes(bucket, object string) error {
	return s.files.DeleteAttributes(filepath.Base(bucket), object)
}

func (s sidecar) RenameObject(bucket, oldObject, newObject string) error {
	return s.files.RenameObject(filepath.Base(bucket), oldObject, newObject)
}
