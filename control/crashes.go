package control

import (
	"context"
	"fmt"
)

// aloneAfter is how often the process may die in a job's runs until the job is
// run alone, so that it takes no import with it.
const aloneAfter = 2

// allPlaces is what a job takes that runs alone; imports take one place, trainings
// none.
const allPlaces = 1 << 30

// place waits for so many places, or for all if the process has died too often in
// this job's runs.
func (s *Service) place(ctx context.Context, places int64, begun int) (release func(), err error) {
	if begun >= aloneAfter {
		places = allPlaces
	}
	if places == 0 {
		return func() {}, nil
	}
	if err := s.places.Acquire(ctx, places); err != nil {
		return nil, err
	}
	return func() { s.places.Release(places) }, nil
}

// deadly is the reason for which an import or a training fails in which the process
// has died too often, "" if it has not.
func (s *Service) deadly(what string, begun int) string {
	if begun < s.cfg.MaxCrashes {
		return ""
	}
	return fmt.Sprintf("The server has ended %d times in the midst of this %s without being stopped; it is not tried again. "+
		"The logs of the server and of its machine have the cause, such as too little memory.", begun, what)
}
