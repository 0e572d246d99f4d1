package demo

// genre is a kind of film, with the words its titles and blurbs are made of.
type genre struct {
	name   string
	near   []int // related genres, which viewers drift to
	adj    []string
	noun   []string
	place  []string
	heroes []string
	quest  []string
}

// Indices of genres. The order is part of the data: another order makes
// another shop.
const (
	sciFi = iota
	fantasy
	adventure
	thriller
	crime
	horror
	drama
	romance
	comedy
	family
	history
	documentary
)

var genres = []genre{
	sciFi: {"Science Fiction", []int{thriller, adventure, fantasy},
		[]string{"Silent", "Orbital", "Last", "Hollow", "Quantum", "Distant", "Broken", "Glass"},
		[]string{"Meridian", "Signal", "Colony", "Engine", "Horizon", "Archive", "Satellite", "Protocol", "Dawn", "Voyager"},
		[]string{"Europa", "Titan Station", "the Ninth Ring", "Kepler", "the Long Dark", "New Lisbon"},
		[]string{"a salvage pilot", "a retired engineer", "the ship's only doctor", "two stranded surveyors"},
		[]string{"answers a call that was sent a century ago", "finds a city that no map shows", "must choose between the crew and the cargo", "learns who built the gate"}},
	fantasy: {"Fantasy", []int{adventure, family, sciFi},
		[]string{"Crimson", "Forgotten", "Winter", "Iron", "Whispering", "Moonlit", "Thorned", "Amber"},
		[]string{"Crown", "Oath", "Raven", "Tower", "Spell", "Warden", "Throne", "Harp", "Dragon", "Grove"},
		[]string{"Eldermoor", "the Salt Kingdom", "Vael", "the Hollow Hills", "Carrowen", "the Drowned Isles"},
		[]string{"a blacksmith's daughter", "the youngest of seven heirs", "an oathless knight", "a mapmaker without a country"},
		[]string{"wakes what sleeps below the mountain", "carries a crown that nobody may wear", "bargains with the river", "breaks the oldest law of the wood"}},
	adventure: {"Adventure", []int{fantasy, sciFi, family},
		[]string{"Lost", "Golden", "Wild", "Northern", "Hidden", "Burning", "Restless", "Emerald"},
		[]string{"Expedition", "Compass", "River", "Passage", "Treasure", "Caravan", "Monsoon", "Summit", "Lagoon", "Trail"},
		[]string{"Patagonia", "the Silk Road", "Zanzibar", "the Yukon", "Cape Sorrow", "the Red Canyon"},
		[]string{"a disgraced navigator", "three sisters", "a botanist and her guide", "an old smuggler"},
		[]string{"follows a map drawn from memory", "crosses the pass before the snow", "races a rival to the source", "looks for the ship that never came home"}},
	thriller: {"Thriller", []int{crime, horror, sciFi},
		[]string{"Cold", "Second", "Perfect", "Double", "Blind", "Final", "Borrowed", "Zero"},
		[]string{"Witness", "Alibi", "Exit", "Contract", "Courier", "Pursuit", "Deadline", "Frequency", "Betrayal", "Hour"},
		[]string{"Trieste", "Checkpoint Nine", "the Harbour", "Ostend", "Vienna", "the Embassy"},
		[]string{"a night translator", "a banker on the run", "an agent declared dead", "a juror"},
		[]string{"has six hours to prove it", "overhears one sentence too many", "finds her own name on the list", "cannot tell which partner is lying"}},
	crime: {"Crime", []int{thriller, drama, history},
		[]string{"Crooked", "Quiet", "Grey", "Paper", "Midnight", "Bitter", "Stolen", "Rusted"},
		[]string{"Inspector", "Confession", "Ledger", "Heist", "Verdict", "Suspect", "Canal", "Evidence", "Informer", "Debt"},
		[]string{"Marseille", "Dockside", "Pier Twelve", "Glasgow", "Cinder Street", "the Old Mint"},
		[]string{"a detective one week from her pension", "a locksmith", "two brothers", "the new commissioner"},
		[]string{"reopens the case that made her name", "plans one robbery too many", "keeps a second set of books", "finds the witness before the gang does"}},
	horror: {"Horror", []int{thriller, fantasy, crime},
		[]string{"Pale", "Buried", "Hungry", "Crawling", "Sleepless", "Withered", "Unlit", "Nameless"},
		[]string{"House", "Cellar", "Lullaby", "Congregation", "Well", "Guest", "Doll", "Orchard", "Fog", "Attic"},
		[]string{"Blackwater", "Hob's End", "the Marsh", "Saint Agnes", "the East Wing", "Mill Lane"},
		[]string{"a family of four", "the night nurse", "a grieving carpenter", "six former friends"},
		[]string{"moves into the house that waits", "hears the bell under the lake", "is counted one too many at supper", "should not have opened the third door"}},
	drama: {"Drama", []int{romance, history, crime},
		[]string{"Ordinary", "Long", "Unfinished", "Tender", "Slow", "Fragile", "Open", "Late"},
		[]string{"Harvest", "Letters", "Silence", "Inheritance", "Kitchen", "Distance", "Homecoming", "Portrait", "Winter", "Farewell"},
		[]string{"Ballymore", "the Valley", "Millbrook", "Turin", "the Islands", "Ashfield"},
		[]string{"a schoolteacher", "an estranged son", "a widowed farmer", "two neighbours"},
		[]string{"sells the farm and keeps the key", "reads the letters at last", "returns for one funeral and stays a year", "learns to cook for one"}},
	romance: {"Romance", []int{comedy, drama, history},
		[]string{"Sweet", "Accidental", "Summer", "Secret", "Parisian", "Secondhand", "Starlit", "Reluctant"},
		[]string{"Proposal", "Waltz", "Kiss", "Bookshop", "Wedding", "Promise", "Serenade", "Bouquet", "Valentine", "Stranger"},
		[]string{"Lisbon", "Maple Street", "Lighthouse Bay", "Verona", "Venice", "Rose Cottage"},
		[]string{"a florist", "a touring cellist", "the best man", "a pilot afraid of landing"},
		[]string{"writes the wrong name on the card", "shares a taxi for eleven hours", "has to plan her rival's wedding", "misses the last ferry on purpose"}},
	comedy: {"Comedy", []int{romance, family, drama},
		[]string{"Absolutely", "Slightly", "Mostly", "Terribly", "Almost", "Suspiciously", "Proudly", "Barely"},
		[]string{"Married", "Qualified", "Famous", "Retired", "Employed", "Related", "Royal", "Harmless", "Organised", "Innocent"},
		[]string{"Bournemouth", "Accounting", "the Suburbs", "Aisle Five", "Grandma's House", "the Committee"},
		[]string{"an unlucky dentist", "the worst band in town", "a landlord with one tenant", "four aunts"},
		[]string{"wins a prize nobody wants", "inherits a bowling alley", "runs for mayor by mistake", "hires the wrong impostor"}},
	family: {"Family", []int{comedy, fantasy, adventure},
		[]string{"Little", "Curious", "Flying", "Brave", "Marvellous", "Snowy", "Tiny", "Jolly"},
		[]string{"Hedgehog", "Lantern", "Circus", "Penguin", "Treehouse", "Balloon", "Puppy", "Parade", "Robot", "Kite"},
		[]string{"Button Bay", "Pepper Hill", "the Toy Museum", "Maplewood", "Grandpa's Garden", "the North Pole"},
		[]string{"a hedgehog with a plan", "twins and their robot", "the smallest penguin", "a boy who collects clouds"},
		[]string{"saves the town's last cinema", "builds a raft out of umbrellas", "finds a friend in the lost-property office", "flies further than the geese"}},
	history: {"History", []int{documentary, drama, crime},
		[]string{"Imperial", "Fallen", "Scarlet", "Bronze", "Royal", "Sunken", "Divided", "Ancient"},
		[]string{"Empire", "Siege", "Regiment", "Treaty", "Queen", "Chronicle", "Armada", "Cathedral", "Rebellion", "Envoy"},
		[]string{"Constantinople", "the Baltic", "Granada", "the Somme", "Kyoto", "the Hanse"},
		[]string{"a royal clerk", "the general's cook", "a printer's apprentice", "the last envoy"},
		[]string{"forges a letter that ends a war", "keeps a diary through the siege", "builds a dome that cannot stand", "carries the treaty through the snow"}},
	documentary: {"Documentary", []int{history, family, drama},
		[]string{"Secret", "Hidden", "Blue", "Deep", "Human", "Electric", "Living", "Vanishing"},
		[]string{"Ocean", "Orchestra", "Glacier", "Market", "Kitchen", "Forest", "Railway", "Harvest", "Workshop", "Migration"},
		[]string{"Iceland", "the Atlas", "the Deep Sea", "Osaka", "the Serengeti", "the Tundra"},
		[]string{"a team of divers", "four bakers", "the keepers of a clock", "a patient camera"},
		[]string{"spends a year below the ice", "shows how bread crossed the world", "follows one letter around the globe", "listens to the forest at night"}},
}

var roman = []string{"I", "II", "III", "IV", "V"}

// newTitle invents a title that is not in taken, and puts it there. Each genre
// has several thousand, so the search is short.
func newTitle(r random, g int, taken map[string]bool) string {
	k := genres[g]
	for {
		adj, noun, place := pick(r, k.adj), pick(r, k.noun), pick(r, k.place)
		var t string
		switch n := r.IntN(10); {
		case g == comedy && n < 4:
			t = adj + " " + noun
		case g == comedy:
			t = adj + " " + noun + " in " + place
		case n < 3:
			t = "The " + adj + " " + noun
		case n < 6:
			t = adj + " " + noun + " of " + place
		case n < 8:
			t = "The " + noun + " of " + place
		default:
			t = noun + " in " + place
		}
		if !taken[t] {
			taken[t] = true
			return t
		}
	}
}

// sequelName is what stands after the colon in the title of a later part.
func sequelName(r random, g int) string {
	k := genres[g]
	noun, place := pick(r, k.noun), pick(r, k.place)
	switch {
	case r.percent(50):
		return "Return to " + place
	case g == comedy: // its nouns are adjectives
		return "Still " + noun
	}
	return "The " + noun
}

// blurb is a sentence with a comma, as descriptions have.
func blurb(r random, g, part int) string {
	k := genres[g]
	hero, quest := pick(r, k.heroes), pick(r, k.quest)
	s := "n " + pick(r, k.place) + ", " + hero + " " + quest + "."
	if part > 1 {
		return "The story goes on: i" + s
	}
	return "I" + s
}
