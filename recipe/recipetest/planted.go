package recipetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bespoke/history"
	"bespoke/recipe"
)

// Planted are interactions of 600 users with 150 items of 5 kinds. A share of what
// a user takes is of the kind that the effect says, the rest is by chance; with
// "none" all is: "context" by the DEVICE, "user" by the AGE in tens, and "item"
// by the GENRE that the user likes. Item n is in, of kind n%5; CITY is noise.
func Planted(t *testing.T, effect string) recipe.Input {
	t.Helper()
	const users, items, kinds, length = 600, 150, 5, 12
	r := rand.New(rand.NewPCG(11, 12))
	pick := func() int { return int(float64(items) * r.Float64() * r.Float64()) } // the first ones more often
	var b history.Builder
	ages, genres := history.Column{Name: "AGE"}, history.Column{Name: "GENRE", Categorical: true}
	cities := history.Column{Name: "CITY", Categorical: true}
	in := recipe.Input{
		Users: &history.Metadata{IDs: history.NewDictionary()}, Items: &history.Metadata{IDs: history.NewDictionary()}, Seed: 1, Workers: 2,
	}
	for i := range items {
		in.Items.IDs.Add(fmt.Sprint("i", i))
		genres.Text = append(genres.Text, fmt.Sprint("genre-", i%kinds, "|all"))
	}
	for u := range users {
		in.Users.IDs.Add(fmt.Sprint("u", u))
		age, taste := r.IntN(50)+15, r.IntN(kinds)
		ages.Number = append(ages.Number, float64(age))
		cities.Text = append(cities.Text, fmt.Sprint("city-", r.IntN(8)))
		seen := map[int]bool{}
		for n := range length {
			device := r.IntN(kinds)
			kind := map[string]int{"context": device, "user": (age - 15) / 10, "item": taste, "none": -1}[effect]
			item := pick()
			for seen[item] || kind >= 0 && r.IntN(4) > 0 && item%kinds != kind {
				item = pick()
			}
			seen[item] = true
			err := b.Add(history.Interaction{
				User: fmt.Sprint("u", u), Item: fmt.Sprint("i", item), Time: int64(1e9 + n*86400 + u),
				Context: map[string]string{"DEVICE": fmt.Sprint("device-", device)},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	in.Interactions = b.History()
	in.Users.Columns, in.Items.Columns = []history.Column{ages, cities}, []history.Column{genres}
	return in
}
