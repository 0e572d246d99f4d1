package store

import "time"

// Position is a place in a listing: that of the last row seen. Listings run
// from the newest row to the oldest, by time of creation and then by ID, so
// that rows created or deleted while a client pages never make it see a row
// twice or miss one. The zero Position is the beginning.
type Position struct {
	Created time.Time
	ID      int64 // the row's, unique within a listing
}

// IsZero reports whether p is the beginning of a listing or, as the position
// that a listing returned, its end.
func (p Position) IsZero() bool { return p.ID == 0 }

// Page asks for a part of a listing.
type Page struct {
	After Position // zero for the first page
	Limit int      // the most rows to return, at least 1
}
