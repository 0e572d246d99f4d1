package crash_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bespoke"
)

// shop is a dataset group with models and campaigns, in several lives of a server.
type shop struct {
	*world
	group, items, tracking string // ARNs of the group and of its items, the tracker's ID

	solution, tuned string // ARNs; versions of the latter search hyperparameters
	first           string // the version that is ACTIVE from the beginning, an ARN
	versions        []*version
	campaigns       []*campaign

	lists     map[string]map[string][]string // by version and user: answers that explore nothing
	files     map[string]sum                 // what the models are to be, by name
	fresh     sum                            // the model of the first version before an automatic update
	new       []string                       // items that came one by one
	refreshed bool                           // the newest version has had an automatic update
	cuts      map[string]int                 // kills in the midst, by what was done
}

// sum stands for the content of a file.
type sum [sha256.Size]byte

// version is a solution version that is accepted before a kill.
type version struct {
	what   string   // that its training does
	phases []string // of it that kills come in
	arn    string
	want   string // the status that it is to end with

	took    time.Duration // the twin's training
	outcome outcome       // of the twin
}

// outcome is what a training has found.
type outcome struct {
	Phase, Status, Seed string
	Inputs              []struct {
		SnapshotID string
		Rows       int
	}
	Metrics, Extra map[string]float64
	Trials         []struct {
		Parameters map[string]string
		Value      float64
	}
	Warnings []string
	Ended    time.Time `json:"lastUpdatedDateTime"`
}

// campaign is one whose answers are checked.
type campaign struct {
	arn      string
	explores bool
}

// users are those whose answers are compared.
var users = []string{"u0", "u1", "u2"}

// answers is how many items an answer has.
const answers = 10

// newShop serves a folder until a version of one solution is ACTIVE and in three
// campaigns. Data has come in since.
func newShop(t *testing.T, rng *rand.Rand) *shop {
	t.Helper()
	dir := t.TempDir()
	p := &shop{lists: map[string]map[string][]string{}, cuts: map[string]int{}, world: &world{t: t, rng: rng, data: filepath.Join(dir, "data"), log: filepath.Join(dir, "log"),
		flags: []string{"--update-every", "1ms", "--max-crashes", "1000000"}, statuses: map[string]string{}, tally: map[stage]int{}}}
	t.Cleanup(p.tellLog)
	s, ctx := p.start(), t.Context()
	p.must(s.put(ctx, bucket, nil))
	var err error
	p.group, err = s.createGroup(ctx, "shop")
	p.must(err)
	p.must(p.await(ctx, s, "DatasetGroup", p.group, "ACTIVE"))
	p.items = p.dataset(s, items, p.catalogue())
	p.dataset(s, interactions, p.history())
	var tracker struct{ EventTrackerArn, TrackingID string }
	p.must(s.call(ctx, "CreateEventTracker", fields{"name": "shop", "datasetGroupArn": p.group}, &tracker))
	p.must(p.await(ctx, s, "EventTracker", tracker.EventTrackerArn, "ACTIVE"))
	p.tracking = tracker.TrackingID

	recipe := "arn:aws:personalize:::recipe/aws-user-personalization"
	small := fields{"hidden_dimension": "32", "bptt": "8"} // which takes less time
	p.solution = p.make(s, "Solution", fields{"name": "shop", "datasetGroupArn": p.group, "recipeArn": recipe, "performAutoTraining": false,
		"solutionConfig": fields{"algorithmHyperParameters": small}})
	p.tuned = p.make(s, "Solution", fields{"name": "tuned", "datasetGroupArn": p.group, "recipeArn": recipe, "performAutoTraining": false, "performHPO": true,
		"solutionConfig": fields{"algorithmHyperParameters": small, "hpoConfig": fields{
			"hpoResourceConfig":             fields{"maxNumberOfTrainingJobs": "3", "maxParallelTrainingJobs": "1"},
			"algorithmHyperParameterRanges": fields{"integerHyperParameterRanges": []fields{{"name": "bptt", "minValue": 2, "maxValue": 8}}}}}})
	p.first = p.make(s, "SolutionVersion", fields{"solutionArn": p.solution})
	p.campaign(s, "plain", p.first, fields{}, 0)
	p.campaign(s, "bold", p.first, fields{}, 1)
	p.campaign(s, "following", p.solution+"/$LATEST", fields{"syncWithLatestSolutionVersion": true}, 0)
	p.lists[p.first], p.fresh = p.listsOf(s, p.campaigns[0]), p.models()[file(p.first)]
	p.arrive(s, "early")

	p.train(s, "searches hyperparameters", p.tuned, "FULL", "TUNING", "EVALUATING", "FITTING", "PUBLISHING")
	p.train(s, "updates a version", p.solution, "UPDATE", "READING", "PUBLISHING")
	p.train(s, "trains anew", p.solution, "FULL", "FITTING", "EVALUATING", "PUBLISHING")
	p.must(s.kill())
	return p
}

// dataset makes a dataset with an import in it.
func (p *shop) dataset(s *server, k *kind, csv string) (arn string) {
	p.t.Helper()
	ctx, name := p.t.Context(), strings.ToLower(string(k.typ))
	var made struct{ SchemaArn, DatasetImportJobArn string }
	p.must(s.call(ctx, "CreateSchema", fields{"name": name, "schema": k.schema}, &made))
	arn, err := s.createDataset(ctx, p.group, k.typ, made.SchemaArn)
	p.must(err)
	p.must(p.await(ctx, s, "Dataset", arn, "ACTIVE"))
	p.must(s.put(ctx, bucket+"/"+name+".csv", []byte(csv)))
	p.must(s.call(ctx, "CreateDatasetImportJob", fields{"jobName": name, "datasetArn": arn, "dataSource": fields{"dataLocation": "s3://" + bucket + "/" + name + ".csv"}}, &made))
	p.must(p.await(ctx, s, "DatasetImportJob", made.DatasetImportJobArn, "ACTIVE"))
	return arn
}

// catalogue is forty items in two categories.
func (p *shop) catalogue() string {
	var csv strings.Builder
	csv.WriteString("ITEM_ID,CATEGORY,PRICE\n")
	for i := range 40 {
		fmt.Fprintf(&csv, "i%d,c%d,%d\n", i, i%2, i)
	}
	return csv.String()
}

// history is the interactions of users who mostly keep to one category.
func (p *shop) history() string {
	var csv strings.Builder
	csv.WriteString("USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n")
	for u := range 500 {
		for n := range 12 {
			i := 2*p.rng.IntN(20) + u%2
			if p.rng.IntN(8) == 0 {
				i = p.rng.IntN(40)
			}
			fmt.Fprintf(&csv, "u%d,i%d,watch,,%d\n", u, i, era+1000*u+10*n)
		}
	}
	return csv.String()
}

// make makes a resource and waits until it is ACTIVE.
func (p *shop) make(s *server, kind string, in fields) (arn string) {
	p.t.Helper()
	arn = p.create(s, kind, in)
	p.must(p.await(p.t.Context(), s, kind, arn, "ACTIVE"))
	return arn
}

func (p *shop) create(s *server, kind string, in fields) (arn string) {
	p.t.Helper()
	out := map[string]string{}
	p.must(s.call(p.t.Context(), "Create"+kind, in, &out))
	return out[strings.ToLower(kind[:1])+kind[1:]+"Arn"]
}

// campaign makes a campaign and waits until it is ACTIVE.
func (p *shop) campaign(s *server, name, version string, config fields, weight int) {
	p.t.Helper()
	config["itemExplorationConfig"] = fields{"explorationWeight": fmt.Sprint(weight)}
	arn := p.make(s, "Campaign", fields{"name": name, "solutionVersionArn": version, "campaignConfig": config})
	p.campaigns = append(p.campaigns, &campaign{arn, weight > 0})
}

// train asks for a version and does not wait for it.
func (p *shop) train(s *server, what, solution, mode string, phases ...string) {
	p.t.Helper()
	arn := p.create(s, "SolutionVersion", fields{"solutionArn": solution, "trainingMode": mode})
	p.versions = append(p.versions, &version{what: what, phases: phases, want: "ACTIVE", arn: arn})
}

// arrive sends an event with an item that no model knows and the metadata of
// another, and waits for the answers.
func (p *shop) arrive(s *server, name string) {
	p.t.Helper()
	const after = era + 1_000_000
	p.must(s.post(p.t.Context(), "/events", fields{"trackingId": p.tracking, "userId": "guest", "sessionId": "of guest",
		"eventList": []fields{{"eventType": "watch", "itemId": name + "-taken", "sentAt": after + len(p.new)}}}, nil))
	p.must(s.post(p.t.Context(), "/items", fields{"datasetArn": p.items, "items": []fields{{"itemId": name + "-told", "properties": `{"category": "c0", "price": 1}`}}}, nil))
	p.new = append(p.new, name+"-taken", name+"-told")
}

// training returns how far a version is, or what came of it.
func (p *shop) training(ctx context.Context, s *server, v *version) (out outcome, err error) {
	return out, s.get(ctx, "solutions/"+strings.Replace(bespoke.ARN(v.arn).Name(), "/", "/versions/", 1), &out)
}

// recommended is one item of an answer.
type recommended struct{ ItemID, Why string }

func (r recommended) explored() bool { return r.Why == "explored" }

// answer asks the campaign for items. Which of them are explored only the extension says.
func (c *campaign) answer(ctx context.Context, s *server, user string) ([]recommended, error) {
	if c.explores {
		var out struct{ Items []recommended }
		err := s.get(ctx, fmt.Sprintf("campaigns/%s/recommendations?userId=%s&numResults=%d", bespoke.ARN(c.arn).Name(), user, answers), &out)
		return out.Items, err
	}
	var out struct{ ItemList []recommended }
	err := s.post(ctx, "/recommendations", fields{"campaignArn": c.arn, "userId": user, "numResults": answers}, &out)
	return out.ItemList, err
}

// listsOf returns the answers of a campaign that explores nothing.
func (p *shop) listsOf(s *server, c *campaign) map[string][]string {
	p.t.Helper()
	lists := map[string][]string{}
	for _, u := range users {
		list, err := c.answer(p.t.Context(), s, u)
		p.must(err)
		for _, it := range list {
			lists[u] = append(lists[u], it.ItemID)
		}
	}
	return lists
}

// models returns what is in the folder of models, by name.
func (p *shop) models() map[string]sum {
	p.t.Helper()
	dir := filepath.Join(p.data, "models")
	files, err := os.ReadDir(dir)
	p.must(err)
	all := map[string]sum{}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		p.must(err)
		all[f.Name()] = sha256.Sum256(b)
	}
	return all
}

// file is where a version's model is, below the folder of models.
func file(version string) string {
	return strings.ReplaceAll(bespoke.ARN(version).Name(), "/", ".") + ".model"
}

// twin goes on from a copy of the folder without a kill, and notes what comes of
// it. The copy has the folder's path, which the tables' files name.
func (p *shop) twin() {
	p.t.Helper()
	kept := p.data + "-kept"
	p.must(os.Rename(p.data, kept))
	p.must(os.CopyFS(p.data, os.DirFS(kept)))
	statuses := maps.Clone(p.statuses)
	s, ctx := p.start(), p.t.Context()
	for _, v := range p.versions {
		began := time.Now()
		p.must(p.await(ctx, s, "SolutionVersion", v.arn, "ACTIVE"))
		v.took = time.Since(began)
		var err error
		v.outcome, err = p.training(ctx, s, v)
		p.must(err)
		if strings.HasPrefix(v.arn, p.solution) {
			p.must(p.update(ctx, s, p.campaigns[0], v.arn))
			p.must(p.awaitUpdate(ctx, s, p.campaigns[0]))
			p.lists[v.arn] = p.listsOf(s, p.campaigns[0])
		}
	}
	p.must(s.stop())
	p.files, p.statuses = p.models(), statuses
	p.must(os.RemoveAll(p.data))
	p.must(os.Rename(kept, p.data))
}
