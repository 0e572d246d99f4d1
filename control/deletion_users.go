package control

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"bespoke"
	"bespoke/ingest"
	"bespoke/schema"
)

// usersAtOnce is how many users are looked for at a time; a longer list has the
// tables read again.
const usersAtOnce = 500_000

// userList is the schema of a list of users.
var userList = &schema.Schema{Name: "Users", Columns: []schema.Column{{Name: "USER_ID", Type: schema.String}}}

// userIDs are the IDs of a list, in a file without a name.
type userIDs struct {
	file *os.File
	out  *bufio.Writer
	err  error
}

// readUsers reads lists of users by the rules of imports.
func (s *Service) readUsers(ctx context.Context, access Objects, objects []bespoke.Object) (_ *userIDs, err error) {
	f, err := os.CreateTemp(s.cfg.TempDir, "users-*")
	if err != nil {
		return nil, err
	}
	u := &userIDs{file: f, out: bufio.NewWriter(f)}
	defer func() {
		if err != nil {
			err = errors.Join(err, u.close())
		}
	}()
	if err := os.Remove(f.Name()); err != nil { // vanishes with the process
		return nil, err
	}
	res, err := ingest.Run(ctx, ingest.Config{
		Schema: userList, Type: bespoke.Users, Objects: objects, Source: access, CheckOnly: true, TempDir: s.cfg.TempDir,
		Workers: 1, Memory: s.cfg.Memory, MaxReported: 1, Observe: func() ingest.Observer { return u },
	})
	if err == nil {
		err = errors.Join(u.err, u.out.Flush())
	}
	if err == nil && len(res.Bad) > 0 {
		b := res.Bad[0]
		err = bespoke.Errorf(bespoke.InvalidInput, "%s line %d: %s. %d of %d rows are bad; no user was deleted.", b.Object, b.Line, b.Reason, res.Counts.Rejected, res.Counts.Rows)
	}
	return u, err
}

// Null is for [ingest.Observer]; an ID is not null.
func (u *userIDs) Null(int) {}

// Number is for [ingest.Observer]; an ID is no number.
func (u *userIDs) Number(int, float64) {}

// Text takes an ID.
func (u *userIDs) Text(_ int, id []byte) {
	var b [binary.MaxVarintLen64]byte
	_, err := u.out.Write(b[:binary.PutUvarint(b[:], uint64(len(id)))])
	_, err2 := u.out.Write(id)
	if u.err == nil {
		u.err = errors.Join(err, err2)
	}
}

// chunks yields the IDs, as many at a time as are looked for.
func (u *userIDs) chunks() iter.Seq2[map[string]bool, error] {
	return func(yield func(map[string]bool, error) bool) {
		if _, err := u.file.Seek(0, io.SeekStart); err != nil {
			yield(nil, err)
			return
		}
		in := bufio.NewReader(u.file)
		ids := map[string]bool{}
		for {
			n, err := binary.ReadUvarint(in)
			if errors.Is(err, io.EOF) {
				break
			}
			id := make([]byte, n)
			if err == nil {
				_, err = io.ReadFull(in, id)
			}
			if err != nil {
				yield(nil, fmt.Errorf("list of users: %w", err))
				return
			}
			if ids[string(id)] = true; len(ids) == usersAtOnce {
				if !yield(ids, nil) {
					return
				}
				clear(ids)
			}
		}
		if len(ids) > 0 {
			yield(ids, nil)
		}
	}
}

func (u *userIDs) close() error { return u.file.Close() }
