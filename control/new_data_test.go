package control_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke/awsapi/wire"
)

// TestNewDataByRecipe walks the developer guide's table of what new data does by
// recipe: its columns are events on known items, the automatic update every two
// hours, bulk interactions, and new items otherwise.
func TestNewDataByRecipe(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		recipe            string
		realTime, updates bool
	}{
		{"aws-user-personalization-v2", true, true},
		{"aws-user-personalization", true, true},
		{"aws-personalized-ranking-v2", true, false},
		{"aws-personalized-ranking", true, false},
		{"aws-popularity-count", false, false},
		{"aws-similar-items", false, false},
		{"aws-sims", false, false},
	} {
		t.Run(row.recipe, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, row.recipe, nil)
			before, other := s.answer("u0"), s.answer("u2")
			s.sees("u0", "s0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8")
			if row.realTime {
				s.mostly("before events", before, 'a', 8)
				s.mostly("events", s.answer("u0"), 'b', 5)
			} else {
				s.same("events", s.answer("u0"), before)
			}
			s.same("events of another user", s.answer("u2"), other)

			s.sees("u4", "s4", "c0")
			s.puts("c2", "C")
			s.later(2*time.Hour - time.Minute)
			s.has("an event of a new item, before the update", "c0", false)
			s.has("a new item that was put, before the update", "c2", false)
			s.later(2 * time.Minute)
			if !strings.Contains(row.recipe, "ranking") {
				s.has("an event of a new item, after the update", "c0", row.updates)
				s.has("a new item that was put, after the update", "c2", row.updates)
			} else if last := s.ask(s.plain, "u0", 42)[40:]; last[0].Score != nil || last[1].Score != nil {
				t.Errorf("after two hours new items are ranked: %+v", last)
			}

			before = s.answer("u6")
			s.bulk(s.interactions, append(s.takenBy(0, 150, "c1"), s.takenBy(0, 30, "b3")[1:]...)...)
			s.same("bulk interactions", s.answer("u6"), before)
			s.later(2 * time.Hour)
			s.same("bulk interactions, two hours later", s.answer("u6"), before)

			s.retrain()
			if row.recipe == "aws-popularity-count" || strings.Contains(row.recipe, "user") {
				s.mostly("bulk interactions, after the training", s.answer("stranger"), 'c', 1)
			} else if strings.Contains(row.recipe, "ranking") {
				if !slices.ContainsFunc(s.ask(s.plain, "u0", 42), func(it wire.PredictedItem) bool { return it.ItemId == "c1" && it.Score != nil }) {
					t.Error("after the training c1 is not ranked")
				}
			} else { // items like b3
				if ids := s.answer("u0"); !slices.Contains(ids, "c1") {
					t.Errorf("after the training c1 is not among %v", ids)
				}
			}
		})
	}
}

// TestNewDataTrending is the table's row of aws-trending-now, for each frequency:
// the list is refreshed at the frequency, every two hours at least, from events
// and from bulk interactions, and without a training.
func TestNewDataTrending(t *testing.T) {
	t.Parallel()
	for frequency, every := range map[string]time.Duration{
		"30 minutes": 30 * time.Minute, "1 hour": time.Hour, "2 hours": 2 * time.Hour, "3 hours": 2 * time.Hour, "1 day": 2 * time.Hour,
	} {
		t.Run(frequency, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, "aws-trending-now", map[string]string{"trend_discovery_frequency": frequency})
			popular := s.answer("u0") // nothing has happened for years
			s.sees("u0", "s0", "a7", "c0", "c0")
			s.same("events, at once", s.answer("u0"), popular)
			s.later(every - time.Minute)
			s.same("events, before the refresh", s.answer("u0"), popular)
			s.later(time.Minute + time.Second)
			if got := s.answer("u0"); got[0] != "c0" || got[1] != "a7" {
				t.Errorf("events, at the refresh: %v", got)
			}
			s.later(every / 2)
			s.bulk(s.interactions, s.takenBy(0, 9, "c1")...)
			back := s.away(s.data(s.interactions))
			s.ahead.Add(int64(every / 2))
			if err := s.service.Refresh(s.ctx); err == nil {
				t.Error("no error without the table's files")
			}
			back()
			s.later(time.Minute)
			trends := s.answer("u0")
			if trends[0] != "c1" {
				t.Errorf("bulk interactions, a minute after a refresh that failed: %v", trends)
			}
			s.start()
			s.must(s.service.Refresh(s.ctx))
			s.same("a restart", s.answer("u0"), trends)
			s.later(49 * time.Hour) // two buckets without interactions
			want := append([]string{}, popular...)
			if got := s.answer("u0"); got[0] != want[0] {
				t.Errorf("without interactions the list begins with %v, want %v", got, want)
			}
		})
	}
}

// TestNewDataByKind walks the guide's table of what new data does by its kind,
// with a recipe that has all of it.
func TestNewDataByKind(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		data string
		test func(s *shop)
	}{
		{"event of a known user with a known item", func(s *shop) {
			other := s.answer("u2")
			s.sees("u0", "s0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8")
			s.mostly("at once", s.answer("u0"), 'b', 5)
			s.same("another user", s.answer("u2"), other)
		}},
		{"event of a new item", func(s *shop) {
			s.sees("u0", "s0", "c0")
			s.has("before the update", "c0", false)
			s.later(2 * time.Hour)
			s.has("after the update", "c0", true)
		}},
		{"event of a new user", func(s *shop) {
			s.sees("newcomer", "s1", "b3")
			s.mostly("after one event", s.answer("newcomer"), 'b', 8)
		}},
		{"session that joins a user", func(s *shop) {
			s.sees("", "s2", "a1", "a2", "a3")
			s.mostly("asked with the session", s.answer("s2"), 'a', 8)
			s.sees("late", "s2", "a4")
			s.mostly("the user who joined it", s.answer("late"), 'a', 8)
		}},
		{"new user without events", func(s *shop) {
			list := s.answer("nobody")
			if len(list) != 10 {
				s.Errorf("got %v", list)
			}
			s.same("another one", s.answer("nobody else"), list)
		}},
		{"PutUsers metadata", func(s *shop) {
			people := s.inGroup("shop", "Users", users)
			s.retrain()
			before := s.answer("u0")
			s.must(s.PutUsers(s.ctx, &wire.PutUsersRequest{DatasetArn: people, Users: []wire.User{{UserId: "u0", Properties: `{"age": 40}`}}}))
			s.later(2 * time.Hour)
			s.same("without a training", s.answer("u0"), before)
		}},
		{"PutItems metadata that is shown", func(s *shop) {
			genre := func(item string) string {
				out, err := s.GetRecommendations(s.ctx, &wire.GetRecommendationsRequest{
					CampaignArn: s.plain, UserId: "u0", NumResults: new(40), MetadataColumns: map[string][]string{"ITEMS": {"GENRE"}},
				})
				s.must(err)
				for _, it := range out.ItemList {
					if it.ItemId == item {
						return it.Metadata["GENRE"]
					}
				}
				return "not in the answer"
			}
			s.puts("a1", "Horror")
			if got := genre("a1"); got != "A" {
				s.Errorf("before the look the genre is %s", got)
			}
			s.later(20 * time.Minute)
			if got := genre("a1"); got != "Horror" {
				s.Errorf("20 minutes later the genre is %s", got)
			}
			s.bulk(s.items, "ITEM_ID,GENRE", "a1,Western")
			s.later(20 * time.Minute)
			if got := genre("a1"); got != "Western" {
				s.Errorf("20 minutes after an import the genre is %s", got)
			}
		}},
		{"PutItems metadata for ranking", func(s *shop) {
			s.puts("alike", "A")
			s.puts("unlike", "B")
			s.sees("u1", "s1", "alike", "unlike") // old items are none to explore from now on
			s.later(2 * time.Hour)
			seldom := s.deployed("seldom", "0.1")
			got := map[string]int{}
			for u := range 100 { // whose items are of genre A
				for _, it := range s.ask(seldom, fmt.Sprint("u", 2*u), 40) {
					got[it.ItemId]++
				}
			}
			if got["alike"] <= got["unlike"] {
				s.Errorf("explored %d times what is alike and %d times what is not", got["alike"], got["unlike"])
			}
		}},
		{"bulk interactions by INCREMENTAL", bulkInteractions("INCREMENTAL", header)},
		{"bulk interactions by FULL", bulkInteractions("FULL", genres(200))},
		{"bulk items by INCREMENTAL", bulkItems("INCREMENTAL")},
		{"bulk items by FULL", bulkItems("FULL")},
	} {
		t.Run(row.data, func(t *testing.T) {
			t.Parallel()
			row.test(openShop(t, "aws-user-personalization", nil))
		})
	}
}

// bulkInteractions has u0 take items of the other genre, by rows after others.
func bulkInteractions(mode, rows string) func(s *shop) {
	return func(s *shop) {
		before := s.answer("u0")
		rows := strings.Split(strings.TrimSpace(rows), "\n")
		for i := range 19 {
			rows = append(rows, fmt.Sprintf("u0,b%d,%d", i, s.clock+int64(i)))
		}
		s.bulkBy(mode, s.interactions, rows)
		s.same("at once", s.answer("u0"), before)
		s.later(2 * time.Hour)
		s.same("two hours later", s.answer("u0"), before)
		s.retrain()
		s.mostly("after a training", s.answer("u0"), 'b', 5)
	}
}

func bulkItems(mode string) func(s *shop) {
	return func(s *shop) {
		s.bulkBy(mode, s.items, []string{"ITEM_ID,GENRE", "c0,C"})
		s.has("before the update", "c0", false)
		s.later(2 * time.Hour)
		s.has("after the update", "c0", true)
	}
}
