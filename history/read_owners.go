package history

import "bespoke/parquet"

// owners tells whose the rows of a row group are.
type owners struct {
	owner         func(session string) (string, bool)
	user, session *parquet.Chunk
	known         map[uint32]uint32 // by session: the number of its user among the words
}

func newOwners(owner func(string) (string, bool), user, session *parquet.Chunk) owners {
	return owners{owner: owner, user: user, session: session, known: map[uint32]uint32{}}
}

// of returns the number of row i's user among the words of the users, which get
// those that are not there. A row whose user is its session's has none of its own.
func (o *owners) of(i int) (uint32, bool) {
	u := o.user.Indices[i]
	if o.session == nil || o.session.Indices[i] == parquet.NoValue ||
		string(o.user.Words.Word(u)) != string(o.session.Words.Word(o.session.Indices[i])) {
		return u, true
	}
	k, ok := o.known[u]
	if !ok {
		k = parquet.NoValue
		if name, linked := o.owner(string(o.user.Words.Word(u))); linked {
			k = uint32(o.user.Words.Len())
			o.user.Words.Text = append(o.user.Words.Text, name...)
			o.user.Words.End = append(o.user.Words.End, uint32(len(o.user.Words.Text)))
		}
		o.known[u] = k
	}
	return k, k != parquet.NoValue
}
