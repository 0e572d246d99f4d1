package main

import (
	"bufio"
	"math"
	"math/rand/v2"
	"strconv"
)

// interactionsSchema describes the interactions.
const interactionsSchema = `{"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema","fields":[
{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"EVENT_TYPE","type":"string"},
{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"}],"version":"1.0"}`

// population says what interactions are made of.
type population struct {
	rows, users, items int
}

// write returns a function that writes a header and the interactions [from, to),
// the same for the same population: users and items by a distribution close to
// Zipf's with exponent 1, a fifth of the values empty, two years of seconds in
// no order. Where there are as many users as rows, each has one.
func (p population) write(w *bufio.Writer, _ int) func(from, to int) {
	r := rand.New(rand.NewPCG(1, uint64(p.rows)))
	rank := func(n int) uint64 { // inverse of the integral of 1/(x+n/50)
		a := float64(n) / 50
		x := a * (math.Pow((float64(n)+a)/a, r.Float64()) - 1)
		return uint64(x) * 0x9E3779B1 % uint64(n) // popular ones are not neighbours
	}
	events := []string{"View", "View", "View", "View", "AddToCart", "Purchase", "Watch"}
	var b []byte
	return func(from, to int) {
		w.WriteString("USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n")
		for i := from; i < to; i++ {
			user := uint64(i) * 0x9E3779B1 % uint64(p.users)
			if p.users < p.rows {
				user = rank(p.users)
			}
			b = append(b[:0], "user"...)
			b = strconv.AppendUint(b, 100000+user, 10)
			b = append(b, ",item"...)
			b = strconv.AppendUint(b, 100000+rank(p.items), 10)
			b = append(b, ',')
			b = append(b, events[r.IntN(len(events))]...)
			b = append(b, ',')
			if r.IntN(5) > 0 {
				b = strconv.AppendFloat(b, float64(r.IntN(10000))/100, 'f', 2, 32)
			}
			b = append(b, ',')
			b = strconv.AppendInt(b, 1700000000+r.Int64N(2*365*86400), 10)
			b = append(b, '\n')
			w.Write(b)
		}
	}
}
