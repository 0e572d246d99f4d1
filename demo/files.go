package demo

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"bespoke"
)

// The Avro schemas of the three datasets. They hold for a custom dataset group
// and for one of the VIDEO_ON_DEMAND domain.
var (
	//go:embed interactions.avsc
	InteractionsSchema string
	//go:embed items.avsc
	ItemsSchema string
	//go:embed users.avsc
	UsersSchema string
)

// The event types, as the VIDEO_ON_DEMAND domain has them.
const (
	click = "Click"
	watch = "Watch"
)

// File is one dataset of the shop.
type File struct {
	Type   bespoke.DatasetType
	Name   string // interactions.csv, items.csv or users.csv
	Schema string // Avro JSON
	Rows   int    // without the header
	// Write writes the CSV. It may be called more than once.
	Write func(io.Writer) error
}

// Files returns the shop's datasets.
func (s *Shop) Files() []File {
	return []File{
		{bespoke.Interactions, "interactions.csv", InteractionsSchema, len(s.Interactions), s.WriteInteractions},
		{bespoke.Items, "items.csv", ItemsSchema, len(s.Items), s.WriteItems},
		{bespoke.Users, "users.csv", UsersSchema, len(s.Users), s.WriteUsers},
	}
}

// WriteInteractions writes interactions.csv, in order of time. EVENT_VALUE is
// the share of the title that was watched, from 0 to 1, and empty for clicks.
func (s *Shop) WriteInteractions(w io.Writer) error {
	return table(w, "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP", len(s.Interactions), func(i int, row []string) {
		e := s.Interactions[i]
		row[0], row[1], row[4] = s.Users[e.User].ID, s.Items[e.Item].ID, strconv.FormatInt(e.Time, 10)
		row[2], row[3] = click, ""
		if e.Watch {
			row[2], row[3] = watch, fmt.Sprintf("%d.%02d", e.Share/100, e.Share%100)
		}
	})
}

// WriteItems writes items.csv.
func (s *Shop) WriteItems(w io.Writer) error {
	const header = "ITEM_ID,TITLE,GENRES,SERIES,DURATION,PRICE,CREATION_TIMESTAMP,PRODUCT_DESCRIPTION"
	return table(w, header, len(s.Items), func(i int, row []string) {
		it := s.Items[i]
		row[0], row[1], row[2], row[3] = it.ID, it.Title, strings.Join(it.Genres, "|"), it.Series
		row[4], row[5] = strconv.Itoa(it.Minutes), fmt.Sprintf("%d.%02d", it.Cents/100, it.Cents%100)
		row[6], row[7] = strconv.FormatInt(it.Released, 10), it.Description
	})
}

// WriteUsers writes users.csv.
func (s *Shop) WriteUsers(w io.Writer) error {
	return table(w, "USER_ID,AGE_GROUP,SUBSCRIPTION_MODEL", len(s.Users), func(i int, row []string) {
		u := s.Users[i]
		row[0], row[1], row[2] = u.ID, u.AgeGroup, u.Subscription
	})
}

// table writes a header and n rows. fill sets all cells of a row.
func table(w io.Writer, header string, n int, fill func(i int, row []string)) error {
	c := csv.NewWriter(w)
	row := strings.Split(header, ",")
	if err := c.Write(row); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	for i := range n {
		fill(i, row)
		if err := c.Write(row); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}
