(* The certificate: its steps (rules.ml), and its claims, compared with what was shown. Not verified. *)
open Fault
open Rules
module N = Network

let text q = Json.Text (Q.to_string q)
let maybe = function Some (b : point) -> text b.risk | None -> Json.Null

let between (lower, upper) = Json.Object [ ("lower", text lower); ("upper", text upper) ]
let sorted = function Json.Object l -> Json.Object (List.sort compare l) | v -> v

(* what is not verified of minima in a point's cell, or of others: those are infinitely many, and it is not shown that they form a path *)
let unverified cell = (if cell then [ "path" ] else []) @ [ "dimension"; "exact" ]
(* what a fact says about a claim: verdict, the numbers of the statement, and what is not verified here *)
let stated claim fact =
  match (claim, fact) with
  | "spurious_minimum", Spurious { at; better; affine = true; _ } ->
      Some ("proved", [ ("risk", text at.risk); ("better_risk", text better.risk) ], [])
  | "spurious_linear_minimum", Spurious { at; better; linear = true; _ } ->
      Some ("proved", [ ("risk", text at.risk); ("better_risk", text better.risk) ], [])
  | "spurious_minimum", Global { at; affine = true } -> Some ("refuted", [ ("risk", text at.risk) ], [])
  | "valley", Valley { at; better; size; _ } ->
      let numbers = match size with Some (n, exact) -> [ ("dimension", Json.Int (string_of_int n)); ("exact", Json.Bool exact) ] | None -> [] in
      Some ("proved", [ ("risk", text at.risk); ("better_risk", maybe better) ] @ numbers, if size = None then [ "dimension"; "exact" ] else [])
  | "global_minimum", Global { at; _ } -> Some ("proved", [ ("risk", text at.risk); ("attained", Json.Bool true) ], [])
  | "global_bounds", Bracket (lower, upper) -> Some ("proved", [ ("lower", text lower); ("upper", text upper) ], [])
  | "spurious_minimum", Spurious_real { ends; better; affine = true } -> Some ("proved", [ ("risk", between ends); ("better_risk", between better) ], [])
  | "valley", Spurious_real { ends; better; cell; _ } -> Some ("proved", [ ("risk", between ends); ("better_risk", between better) ], unverified cell)
  | "valley", Span { ends; cell; _ } -> Some ("proved", [ ("risk", between ends); ("better_risk", Json.Null) ], unverified (cell <> None))
  | "global_bounds", Real_bracket ends -> Some ("proved", [ ("risk", between ends) ], [])
  | "infimum", Infimum { rho; _ } -> Some ("proved", [ ("risk", text rho); ("attained", Json.Null) ], [])
  | "infimum", Not_attained rho -> Some ("proved", [ ("risk", text rho); ("attained", Json.Bool false) ], [])
  | "point", Spurious_point { at; better } when at.from_file ->
      Some ("proved", [ ("risk", between at.ends); ("spurious", Json.Bool true); ("better_risk", between better) ], [])
  | "point", Minimum_real at when at.from_file ->
      Some ("proved", [ ("risk", between at.ends); ("spurious", Json.Null); ("better_risk", Json.Null) ], [])
  | "point", No_minimum_real at when at.from_file ->
      Some ("refuted", [ ("risk", between at.ends); ("spurious", Json.Null); ("better_risk", Json.Null) ], [])
  | "affine_infimum", No_best ends -> Some ("proved", [ ("risk", between ends); ("attained", Json.Bool false) ], [])
  | "point", Spurious { at; better; _ } when at.given ->
      Some ("proved", [ ("risk", text at.risk); ("spurious", Json.Bool true); ("better_risk", text better.risk) ], [])
  | "point", Minimum { at; _ } when at.given ->
      Some ("proved", [ ("risk", text at.risk); ("spurious", Json.Null); ("better_risk", Json.Null) ], [])
  | "point", Global { at; _ } when at.given ->
      Some ("proved", [ ("risk", text at.risk); ("spurious", Json.Bool false); ("better_risk", Json.Null) ], [])
  | "point", No_minimum at when at.given ->
      Some ("refuted", [ ("risk", text at.risk); ("spurious", Json.Null); ("better_risk", Json.Null) ], [])
  | _ -> None

type outcome = { claim : string; verdict : string; numbers : (string * Json.t) list; missing : string list; storey : string }

(* the steps that a step rests on, itself among them *)
let needed state n =
  let found = Array.make (Array.length state.facts) false in
  let rec need n = if not found.(n) then (found.(n) <- true; List.iter need state.premises.(n)) in
  need n;
  found
let storey state n =
  let found = needed state n in
  let rests_on rules = List.exists Fun.id (List.mapi (fun i rule -> found.(i) && List.mem rule rules) (Array.to_list state.rules)) in
  if state.net.N.program <> None then "programs"
  else if rests_on [ "limit"; "infimum" ] then "cells" else if rests_on [ "enclosed_point"; "span_minimum"; "no_minimum"; "real_lower_bound" ] then "reals" else "core"

let settle state number v =
  let where = Printf.sprintf "claims[%d]" number in
  let f = Read.fields where v in
  let claim = Read.need f "claim" Read.text and n = Read.need f "step" Read.natural in
  if n >= Array.length state.facts then rejected (where ^ ".step") "there is no step %d" n;
  match state.facts.(n) with
  | Open rule -> { claim; verdict = "open"; numbers = []; missing = [ rule ]; storey = "" }
  | Spurious { inside = true; linear = false; _ } when claim = "spurious_linear_minimum" && state.net.N.program = None ->
      { claim; verdict = "open"; numbers = []; missing = [ claim ]; storey = "" }
  | fact -> (
      match stated claim fact with
      | None -> rejected (where ^ ".step") "step %d proves %s, which does not settle %S" n (describe fact) claim
      | Some (verdict, numbers, unverified) ->
          let compare (key, proved) =
            if sorted (Read.need f key any) <> proved then rejected (where ^ "." ^ key) "is not what is proved" in
          List.iter compare (("verdict", Json.Text verdict) :: numbers);
          List.iter (fun key -> if key <> "path" then ignore (Read.need f key any)) unverified; (* that is no number *)
          Read.finish f;
          { claim; verdict; numbers; missing = List.map (fun key -> claim ^ "." ^ key) unverified; storey = storey state n })

(* the steps that the claims depend on, by the numbers in the text: known before any work is done *)
let wanted claims steps =
  let steps = Array.of_list steps in
  let found = Array.make (Array.length steps) false in
  let mark = function
    | Json.Int s ->
        let k = Z.of_string s in
        if Z.sign k >= 0 && Z.lt k (Z.of_int (Array.length steps)) then found.(Z.to_int k) <- true
    | _ -> () in
  List.iter (fun claim -> Option.iter mark (Json.field "step" claim)) claims;
  for i = Array.length steps - 1 downto 0 do
    match if found.(i) then Json.field "from" steps.(i) else None with
    | Some (Json.Object roles) -> List.iter (fun (_, named) -> match named with Json.List l -> List.iter mark l | one -> mark one) roles
    | _ -> ()
  done;
  found

let format = "symverify-certificate/2"

(* the outcomes of all claims *)
let check network bytes open_data =
  let f = Read.fields "" (Json.parse bytes) in
  if Read.need f "format" Read.text <> format then malformed "format" "expected %S" format;
  let sha256 = Read.need f "problem" Read.text in
  let claims = Read.need f "claims" (Read.listed any) and steps = Read.need f "steps" (Read.listed any) in
  Read.finish f;
  let net = N.read network open_data in
  if sha256 <> net.N.sha256 then rejected "problem" "the certificate is about another problem";
  if claims = [] then rejected "claims" "there is no claim";
  let count = List.length steps and used = wanted claims steps in
  let state = { net; facts = Array.make count Unused; premises = Array.make count []; rules = Array.make count "" } in
  List.iteri (fun i v -> if used.(i) then state.facts.(i) <- step state i v) steps;
  let outcomes = List.mapi (settle state) claims in
  Array.iteri (fun i used -> if not used then rejected (Printf.sprintf "steps[%d]" i) "no claim depends on this step") used;
  (net, outcomes)
