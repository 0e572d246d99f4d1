package demo

import (
	"fmt"
	"slices"
)

// ageGroup is a group of customers and the genres that it favours.
type ageGroup struct {
	name  string
	share int // of a hundred customers
	likes []int
}

var ageGroups = []ageGroup{
	{"18-24", 22, []int{sciFi, horror, comedy, fantasy}},
	{"25-34", 28, []int{thriller, sciFi, romance, comedy}},
	{"35-44", 22, []int{family, adventure, crime, drama}},
	{"45-59", 17, []int{crime, drama, history, thriller}},
	{"60+", 11, []int{history, documentary, drama, romance}},
}

// customers makes n users. Two thirds were there when the history begins, the
// others join during its first one and a half years.
func customers(r random, n int) []User {
	var shares []int
	for _, a := range ageGroups {
		shares = append(shares, a.share)
	}
	runningTotals(shares)
	users := make([]User, n)
	for i := range users {
		age := ageGroups[r.weighted(shares)]
		u := User{ID: fmt.Sprintf("u%05d", i+1), AgeGroup: age.name, joined: opening}
		switch p := r.IntN(100); {
		case p < 45:
			u.Subscription = "Standard"
		case p < 70:
			u.Subscription = "Premium"
		case p < 90:
			u.Subscription = "Pay per view"
		}
		if r.percent(33) {
			u.joined += int64(r.IntN(78)) * week
		}
		for len(u.tastes) < 3 {
			g := r.IntN(len(genres))
			if r.percent(65) {
				g = pick(r, age.likes)
			}
			if !slices.Contains(u.tastes, g) {
				u.tastes = append(u.tastes, g)
			}
		}
		users[i] = u
	}
	return users
}

// minHistory is how many events every user has at least: enough for training
// to keep some of them aside.
const minHistory = 20

// histories deals out total events to users: minHistory each, the rest so that
// few users have many. The result adds up to total.
func histories(r random, users, total int) []int {
	counts, weights := make([]int, users), make([]int, users)
	sum := 0
	for i, rank := range r.Perm(users) {
		weights[i] = 1_000_000 / (rank + users/8 + 1)
		sum += weights[i]
	}
	spare, dealt := total-minHistory*users, 0
	for i := range counts {
		extra := int(int64(spare) * int64(weights[i]) / int64(sum))
		counts[i] = minHistory + extra
		dealt += extra
	}
	for i := range spare - dealt { // what rounding left over
		counts[i%users]++
	}
	return counts
}
