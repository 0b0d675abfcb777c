(* adjacent_cells for programs: on breakpoints, where the first-order minorant is one constant on every cell around. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum LinearAlgebra Numbers InteriorCheck Minorant Programs ProgramCheck.
Import ListNotations.
Open Scope R_scope.

Section Adjacent.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation polynomial := (polynomial K).
Notation at_point := (at_point K KR).
Notation combined := (combined K).

(* the pieces that a number is on *)
Fixpoint touching (ps : list (t * t * t)) (last : t * t) (z : t) : list (t * t) :=
  match ps with
  | [] => [last]
  | p :: ps' => if ltb K z (fst (fst p)) then [(snd (fst p), snd p)] else
      if ltb K (fst (fst p)) z then touching ps' last z else (snd (fst p), snd p) :: touching ps' last z
  end.
Lemma touching_ok h z : exists d, 0 < d /\ forall z', Rabs (z' - r z) < d -> exists so, In so (touching (fst h) (snd h) z) /\ ev (ra KR h) z' = r (fst so) * z' + r (snd so).
Proof.
  destruct h as [ps last]. unfold ev, ra. cbn [fst snd]. induction ps as [|p ps (d & Hd & IH)]; cbn [map plin touching].
  - exists 1. split; [lra|]. intros z' _. exists last. split; [left; auto|auto].
  - destruct (ltb K z (fst (fst p))) eqn:E1; [|destruct (ltb K (fst (fst p)) z) eqn:E2].
    + apply (ltb_ok KR) in E1. exists (r (fst (fst p)) - r z). split; [lra|]. intros z' Hz. apply Rabs_def2 in Hz. eexists. split; [left; reflexivity|]. cbn [fst snd].
      destruct (Rle_dec z' _) as [L|L]; [reflexivity|exfalso; lra].
    + apply (ltb_ok KR) in E2. exists (Rmin d (r z - r (fst (fst p)))). split; [apply Rmin_pos; lra|]. assert (M1 := Rmin_l d (r z - r (fst (fst p)))). assert (M2 := Rmin_r d (r z - r (fst (fst p)))).
      intros z' Hz. destruct (IH z' ltac:(lra)) as (so & I & V). exists so. split; auto. apply Rabs_def2 in Hz. destruct (Rle_dec z' _) as [L|L]; [exfalso; lra|exact V].
    + exists d. split; auto. intros z' Hz. destruct (Rle_dec z' (r (fst (fst p)))) as [L|L]; [eexists; split; [left; reflexivity|reflexivity]|].
      destruct (IH z' Hz) as (so & I & V). exists so. split; [right; auto|exact V].
Qed.

Section Point.
Variable v : list t.
Definition bent_around (h : act t) (p : polynomial) : list polynomial :=
  if is_number K p then [number K (evT K h (its_number K p))] else map (fun so => plus K (times K (fst so) p) (number K (snd so))) (touching (fst h) (snd h) (point_value K v p)).
Fixpoint choices {A} (l : list (list A)) : list (list A) := match l with [] => [[]] | a :: l' => flat_map (fun x => map (cons x) (choices l')) a end.
Definition node_around (u : list polynomial) (n : node t) : list (list polynomial) :=
  match n with Affine rows => [map (row_on K u) rows] | Bend h units => choices (map (fun k => bent_around h (nth k u [])) units) end.
(* the values on every combination of pieces *)
Fixpoint values_around (P : list (node t)) (u : list polynomial) : list (list polynomial) :=
  match P with [] => [u] | n :: P' => flat_map (fun new => values_around P' (u ++ new)) (node_around u n) end.
Definition outputs_around (P : list (node t)) (outs : list nat) (x : list t) : list (list polynomial) := map (fun u => map (fun k => nth k u []) outs) (values_around P (input_values K x)).
Lemma bent_around_ok h p : nearby (rv v) (fun w => exists q, In q (bent_around h p) /\ ev (ra KR h) (at_point w p) = at_point w q).
Proof.
  unfold bent_around. destruct (is_number K p) eqn:N.
  - apply nearby_always. intros w. eexists. split; [left; reflexivity|]. rewrite (is_number_ok K KR w p N), (number_ok K KR). symmetry. apply (evT_ok K KR).
  - destruct (touching_ok h (point_value K v p)) as (d & Hd & A). rewrite (point_value_ok K KR) in A.
    apply (nearby_imp _ (fun w => Rabs (at_point w p - at_point (rv v) p) < d)); [|apply (continuous_polynomial K KR); auto]. intros w B. destruct (A _ B) as (so & I & V).
    eexists. split; [apply in_map; exact I|]. rewrite (plus_ok K KR), (times_ok K KR), (number_ok K KR). exact V.
Qed.
Lemma choices_ok w h u : forall units, (forall k, In k units -> exists q, In q (bent_around h (nth k u [])) /\ ev (ra KR h) (at_point w (nth k u [])) = at_point w q) ->
  exists new, In new (choices (map (fun k => bent_around h (nth k u [])) units)) /\ map (fun k => ev (ra KR h) (nth k (map (at_point w) u) 0)) units = map (at_point w) new.
Proof.
  induction units as [|k units IH]; intros H; [exists []; split; [left; auto|auto]|]. destruct IH as (new & I & E); [intros; apply H; right; auto|]. destruct (H k (or_introl eq_refl)) as (q & Iq & Eq).
  exists (q :: new). split; [cbn [map choices]; apply in_flat_map; exists q; split; auto; apply in_map; auto|]. cbn [map]. f_equal; [|exact E]. rewrite <- Eq. f_equal. apply (nth_at K KR).
Qed.
Lemma node_around_ok u n : nearby (rv v) (fun w => exists new, In new (node_around u n) /\ node_at w (map (at_point w) u) (r_node K KR n) = map (at_point w) new).
Proof.
  destruct n as [rows|h units]; cbn [node_around r_node node_at].
  - apply nearby_always. intros w. eexists. split; [left; reflexivity|]. rewrite !map_map. apply map_ext. intros row. apply (row_on_ok K KR).
  - eapply nearby_imp; [|exact (nearby_all (rv v) _ units (fun k _ => bent_around_ok h (nth k u [])))]. intros w A. apply choices_ok. exact A.
Qed.
Lemma values_around_ok : forall P u, nearby (rv v) (fun w => exists u', In u' (values_around P u) /\ values w (map (r_node K KR) P) (map (at_point w) u) = map (at_point w) u').
Proof.
  induction P as [|n P IH]; intros u; [apply nearby_always; intros w; exists u; split; [left; auto|auto]|].
  eapply nearby_imp; [|apply nearby_and; [exact (node_around_ok u n)|exact (nearby_all (rv v) _ (node_around u n) (fun new _ => IH (u ++ new)))]]. cbv beta.
  intros w [(new & I & E) A]. destruct (A new I) as (u' & I' & E'). exists u'. split; [cbn [values_around]; apply in_flat_map; eauto|].
  unfold values in *. cbn [map fold_left]. rewrite E, <- map_app. exact E'.
Qed.
Lemma outputs_around_ok P outs x : nearby (rv v) (fun w => exists f, In f (outputs_around P outs x) /\ predicts K KR P outs w (rv x) = map (at_point w) f).
Proof.
  eapply nearby_imp; [|exact (values_around_ok P (input_values K x))]. cbv beta. intros w (u & I & E). rewrite (input_values_ok K KR) in E.
  eexists. split; [unfold outputs_around; apply (in_map (fun u => map (fun k => nth k u []) outs)); exact I|]. unfold predicts. rewrite E, map_map. apply map_ext. intros k. apply (nth_at K KR).
Qed.
(* slopes times predictions: the same polynomial whatever the pieces *)
Definition one_tilt (s : list t) (fs : list (list polynomial)) : option polynomial :=
  match fs with [] => None | f :: _ => let q := combined s f in
    if forallb (fun f' => forallb (fun e => eqb K (snd e) z0) (plus K (combined s f') (times K (z0 -! one K) q))) fs then Some q else None end.
Lemma one_tilt_ok w s fs q : one_tilt s fs = Some q -> forall f, In f fs -> dot (rv s) (map (at_point w) f) = at_point w q.
Proof.
  unfold one_tilt. intros H f Hf. destruct fs as [|f0 fs]; [discriminate|]. destruct (forallb _ _) eqn:A in H; [|discriminate H]. injection H as <-. rewrite forallb_forall in A. specialize (A f Hf).
  assert (Z : at_point w (plus K (combined s f) (times K (z0 -! one K) (combined s f0))) = 0).
  { unfold ProgramCheck.at_point. apply sum_0. intros e He. rewrite forallb_forall in A. apply A, (eqb_ok KR) in He. rewrite He, toR_zero. ring. }
  rewrite (plus_ok K KR), (times_ok K KR), toR_sub, toR_zero, toR_one, !(combined_ok K KR) in Z. rewrite (combined_ok K KR). lra.
Qed.
Fixpoint tilts (P : list (node t)) (outs : list nat) (D : list (list t * list t)) (S : list (list t)) : option polynomial :=
  match D, S with
  | d :: D', s :: S' => match one_tilt s (outputs_around P outs (fst d)), tilts P outs D' S' with Some q, Some q' => Some (plus K q q') | _, _ => None end
  | _, _ => Some []
  end.
Definition check_around P outs D S : bool := match tilts P outs D S with Some q => is_number K q | None => false end.
Lemma tilts_ok L P outs : forall D S q, tilts P outs D S = Some q -> all_support L (rD KR D) (predicted_at K KR P outs D (rv v)) (map rv S) ->
  nearby (rv v) (fun w => at_point w q - at_point (rv v) q <= losses K KR L P outs D w - losses K KR L P outs D (rv v)).
Proof.
  unfold losses, predicted_at. induction D as [|d D IH]; intros [|s S] q H (L1 & L2 & A); try discriminate.
  - inversion H; subst. apply nearby_always. intros w. unfold ProgramCheck.at_point. simpl. lra.
  - cbn [tilts] in H. destruct (one_tilt s (outputs_around P outs (fst d))) as [q1|] eqn:E1; [|discriminate]. destruct (tilts P outs D S) as [q2|] eqn:E2; [|discriminate]. injection H as <-.
    cbn [rD map combine] in A. inversion A as [|e E (A1 & A2 & A3) A']; subst. cbn [fst snd] in A1, A2, A3.
    assert (I := IH S q2 E2 (conj (eq_add_S _ _ L1) (conj (eq_add_S _ _ L2) A'))). assert (O := outputs_around_ok P outs (fst d)). assert (O0 := nearby_here _ _ O). cbv beta in O0. destruct O0 as (f0 & F0 & V0).
    eapply nearby_imp; [|apply nearby_and; [exact O|exact I]]. cbv beta. intros w [(f & F & V) J].
    specialize (A3 (predicts K KR P outs w (rv (fst d)))). assert (LW : length (predicts K KR P outs w (rv (fst d))) = length (rv (snd d))) by (rewrite <- A1; unfold predicts; rewrite !map_length; auto).
    specialize (A3 LW). rewrite V0 in A3 at 1. rewrite V in A3 at 1. rewrite (one_tilt_ok w _ _ _ E1 f F), (one_tilt_ok (rv v) _ _ _ E1 f0 F0) in A3.
    cbn [rD map sum fst snd]. rewrite !(plus_ok K KR). unfold rD in *. lra.
Qed.
Theorem check_around_ok L P outs D S : all_support L (rD KR D) (predicted_at K KR P outs D (rv v)) (map rv S) -> check_around P outs D S = true ->
  nearby (rv v) (fun w => losses K KR L P outs D (rv v) <= losses K KR L P outs D w).
Proof.
  unfold check_around. intros A H. destruct (tilts P outs D S) as [q|] eqn:E; [|discriminate]. eapply nearby_imp; [|exact (tilts_ok L P outs D S q E A)]. cbv beta. intros w M.
  rewrite !(is_number_ok K KR) in M by auto. lra.
Qed.
End Point.
End Adjacent.
