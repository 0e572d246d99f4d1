// Package control is what each operation of the control plane does: one file
// for each resource, with the rules that Amazon Personalize has for it and the
// texts that a client reads. Requests arrive decoded and checked against the
// API model; [Service.Handlers] binds them. What takes time is done by
// [Service.Advance], which background jobs call until a resource is settled.
//
// It knows neither HTTP nor SQL nor where objects are stored. Start reading at
// [Service], then import_job.go and import_run.go.
package control
