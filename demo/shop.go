package demo

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Config says how much data to make. Zero values stand for the defaults.
type Config struct {
	Seed         uint64 // default 1; another seed makes another shop
	Users        int    // default 2,000; at most 1,000,000
	Items        int    // default 1,200; 100 to 4,000
	Interactions int    // default 120,000; at least 20 a user
}

func (c Config) validate() error {
	var errs []error
	if c.Users < 1 || c.Users > 1_000_000 {
		errs = append(errs, fmt.Errorf("demo: %d users; want 1 to 1,000,000", c.Users))
	}
	if c.Items < 100 || c.Items > 4000 {
		errs = append(errs, fmt.Errorf("demo: %d items; want 100 to 4,000", c.Items))
	}
	if c.Interactions < minHistory*c.Users {
		errs = append(errs, fmt.Errorf("demo: %d interactions for %d users; want at least %d a user",
			c.Interactions, c.Users, minHistory))
	}
	return errors.Join(errs...)
}

// The shop's history covers two years. The end is fixed, so that the data is
// the same whenever it is made.
const (
	week  = 7 * 24 * 60 * 60
	weeks = 104
)

var (
	closing = time.Date(2026, time.January, 4, 0, 0, 0, 0, time.UTC).Unix()
	opening = closing - weeks*week
)

// Shop is one made-up video shop. It is immutable and safe for concurrent use.
type Shop struct {
	Items []Item // by ID
	Users []User // by ID
	// Interactions are in order of time. No user has two in one second, so no
	// two are alike.
	Interactions []Interaction
}

// Item is a title in the catalogue.
type Item struct {
	ID          string
	Title       string   // unique
	Genres      []string // one or two, the main one first
	Series      string   // "" for a single film
	Part        int      // 1 for the first part of a series, 0 for a single film
	Minutes     int
	Cents       int   // price
	Released    int64 // epoch seconds; many are older than the shop's history
	Description string

	genre   int // index of the main genre
	appeal  int // relative popularity, before novelty
	next    int // index of the series' next part, -1 if there is none
	related []int
}

// User is a customer.
type User struct {
	ID           string
	AgeGroup     string
	Subscription string // "" where the customer has none

	joined int64
	tastes []int // genres, the dearest first
}

// Interaction is one event: a customer opened a title's page, or watched it.
type Interaction struct {
	User  int // index in Users
	Item  int // index in Items
	Watch bool
	// Share is how much of the title was watched, in percent; 0 for a click.
	Share int
	Time  int64 // epoch seconds
}

// New makes a shop. The error says which values of cfg are out of bounds.
func New(cfg Config) (*Shop, error) {
	cfg.Seed = cmp.Or(cfg.Seed, 1)
	cfg.Users = cmp.Or(cfg.Users, 2000)
	cfg.Items = cmp.Or(cfg.Items, 1200)
	cfg.Interactions = cmp.Or(cfg.Interactions, 120_000)
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &Shop{
		Items: catalogue(dice(cfg.Seed, 0), cfg.Items),
		Users: customers(dice(cfg.Seed, 1), cfg.Users),
	}
	shelves := stock(s.Items)
	for u, n := range histories(dice(cfg.Seed, 2), cfg.Users, cfg.Interactions) {
		v := visitor{shop: s, shelves: shelves, user: u, rnd: dice(cfg.Seed, 3+uint64(u))}
		s.Interactions = append(s.Interactions, v.history(n)...)
	}
	slices.SortFunc(s.Interactions, func(a, b Interaction) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.User, b.User))
	})
	return s, nil
}

// random makes the choices of one part of the shop.
type random struct{ *rand.Rand }

func dice(seed, stream uint64) random { return random{rand.New(rand.NewPCG(seed, stream))} }

// percent is true p times in a hundred.
func (r random) percent(p int) bool { return r.IntN(100) < p }

// between returns a number from lo to hi, both included.
func (r random) between(lo, hi int) int { return lo + r.IntN(hi-lo+1) }

// weighted returns an index of sums, which are running totals of weights. Its
// last element must be positive.
func (r random) weighted(sums []int) int {
	n := r.IntN(sums[len(sums)-1])
	i, _ := slices.BinarySearch(sums, n+1)
	return i
}

func pick[T any](r random, of []T) T { return of[r.IntN(len(of))] }

// runningTotals turns weights into what random.weighted takes, in place.
func runningTotals(weights []int) []int {
	for i := 1; i < len(weights); i++ {
		weights[i] += weights[i-1]
	}
	return weights
}
