(* valley, any depth: a path, polynomial in t; strictness from lower bounds c0 + sum min(c_i, 0) > 0 on pieces of [0,1]. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses InteriorMinimum Numbers InteriorCheck Roots.
Import ListNotations.
Open Scope R_scope.

Section Valley.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Notation poly := (list t).

Fixpoint padd (p q : poly) : poly :=
  match p, q with [], _ => q | _, [] => p | a :: p', b :: q' => a +! b :: padd p' q' end.
Fixpoint pmul (p q : poly) : poly :=
  match p with [] => [] | a :: p' => padd (map (mul K a) q) (z0 :: pmul p' q) end.
Definition ev_p (x : R) (p : poly) : R := pev (rv p) x.
Lemma ev1 x a : ev_p x [a] = r a.
Proof. unfold ev_p. simpl. ring. Qed.
Lemma padd_ok x : forall p q, ev_p x (padd p q) = ev_p x p + ev_p x q.
Proof.
  unfold ev_p. induction p as [|a p IH]; intros [|b q]; simpl; try ring. rewrite toR_add, IH. ring.
Qed.
Lemma pscal_ok x a q : ev_p x (map (mul K a) q) = r a * ev_p x q.
Proof. unfold ev_p. induction q; simpl; [ring|]. rewrite toR_mul, IHq. ring. Qed.
Lemma pmul_ok x : forall p q, ev_p x (pmul p q) = ev_p x p * ev_p x q.
Proof.
  induction p as [|a p IH]; intros q; simpl; [unfold ev_p; simpl; ring|].
  rewrite padd_ok, pscal_ok. unfold ev_p at 2. simpl. fold (ev_p x (pmul p q)). rewrite IH, toR_zero. unfold ev_p at 4. simpl. fold (ev_p x p). ring.
Qed.
(* on [0,1]: p >= low p *)
Fixpoint lown (p : poly) : t := match p with [] => z0 | a :: p' => (if leb K z0 a then z0 else a) +! lown p' end.
Definition low (p : poly) : t := match p with [] => z0 | a :: p' => a +! lown p' end.
Lemma lown_neg p : r (lown p) <= 0.
Proof.
  induction p as [|a p IH]; simpl; [rewrite toR_zero; lra|]. rewrite toR_add. destruct (leb K z0 a) eqn:E; [rewrite toR_zero; lra|].
  assert (r a < 0). { rewrite <- (toR_zero KR). apply (ltb_ok KR). unfold ltb. rewrite E. auto. } lra.
Qed.
Lemma lown_ok x : 0 <= x <= 1 -> forall p, r (lown p) <= x * ev_p x p.
Proof.
  intros Hx. unfold ev_p. induction p as [|a p IH]; simpl; [rewrite toR_zero; lra|]. rewrite toR_add.
  assert (N := lown_neg p). assert (Q : r (lown p) <= x * (x * pev (rv p) x)) by nra.
  destruct (leb K z0 a) eqn:E; [apply (leb_ok KR) in E; rewrite toR_zero in *; nra|].
  assert (r a < 0). { rewrite <- (toR_zero KR). apply (ltb_ok KR). unfold ltb. rewrite E. auto. } nra.
Qed.
Lemma low_ok x p : 0 <= x <= 1 -> r (low p) <= ev_p x p.
Proof.
  intros Hx. destruct p as [|a p]; simpl; [unfold ev_p; simpl; rewrite toR_zero; lra|]. rewrite toR_add. unfold ev_p. simpl.
  assert (Q := lown_ok x Hx p). unfold ev_p in Q. lra.
Qed.

Fixpoint pdot (u v : list poly) : poly := match u, v with a :: u', b :: v' => padd (pmul a b) (pdot u' v') | _, _ => [] end.
Lemma pdot_ok x : forall u v, ev_p x (pdot u v) = dot (map (ev_p x) u) (map (ev_p x) v).
Proof.
  induction u; intros [|b v]; simpl; try reflexivity. rewrite padd_ok, pmul_ok, IHu. reflexivity.
Qed.
Definition pext (b : bool) (u : list poly) := if b then [one K] :: u else u.
Lemma pext_ok x b u : map (ev_p x) (pext b u) = ext b (map (ev_p x) u).
Proof. destruct b; simpl; auto. unfold ev_p at 1. simpl. rewrite toR_one. f_equal. ring. Qed.

(* positive on [0,1]: by that bound, or on both halves *)
Fixpoint pow2 (n : nat) : t := match n with O => one K | S n' => let p := pow2 n' in p +! p end.
Fixpoint halve (p : poly) : poly := match p with [] => [] | a :: p' => a *! pow2 (length p') :: halve p' end.
Fixpoint shift (p : poly) : poly := match p with [] => [] | a :: p' => let q := shift p' in padd [a] (padd q (z0 :: q)) end.
Fixpoint positive (fuel : nat) (p : poly) : bool :=
  if ltb K z0 (hd z0 p) then
    if ltb K z0 (low p) then true
    else match fuel with O => false | S fuel' => let q := halve p in if positive fuel' q then positive fuel' (shift q) else false end
  else false.
Lemma pow2_pos n : 0 < r (pow2 n).
Proof. induction n; simpl; [rewrite toR_one; lra|rewrite toR_add; lra]. Qed.
Lemma halve_ok x : forall p, exists k, 0 < k /\ ev_p x (halve p) = k * ev_p (x / 2) p.
Proof.
  assert (H : forall p a, ev_p x (halve (a :: p)) = r (pow2 (length p)) * ev_p (x / 2) (a :: p)).
  { induction p as [|b p IH]; intros a; [unfold ev_p; simpl; rewrite toR_mul; ring|]. 
    change (ev_p x (halve (a :: b :: p))) with (r (a *! pow2 (length (b :: p))) + x * ev_p x (halve (b :: p))). rewrite IH, toR_mul.
    change (pow2 (length (b :: p))) with (pow2 (length p) +! pow2 (length p)). rewrite toR_add.
    change (ev_p (x / 2) (a :: b :: p)) with (r a + x / 2 * ev_p (x / 2) (b :: p)). field. }
  intros [|a p]; [exists 1; split; [lra|unfold ev_p; simpl; ring]|]. exists (r (pow2 (length p))). split; [apply pow2_pos|]. apply H.
Qed.
Lemma shift_ok x : forall p, ev_p x (shift p) = ev_p (1 + x) p.
Proof.
  induction p as [|a p IH]; [reflexivity|]. cbn [shift]. rewrite !padd_ok, ev1, IH. unfold ev_p at 2. simpl. fold (ev_p x (shift p)). rewrite IH, toR_zero.
  unfold ev_p. simpl. ring.
Qed.
Lemma positive_ok : forall fuel p, positive fuel p = true -> forall x, 0 <= x <= 1 -> 0 < ev_p x p.
Proof.
  assert (B : forall p x, ltb K z0 (low p) = true -> 0 <= x <= 1 -> 0 < ev_p x p).
  { intros p x H Hx. apply (ltb_ok KR) in H. rewrite toR_zero in H. assert (Q := low_ok x p Hx). lra. }
  induction fuel as [|fuel IH]; intros p H x Hx; cbn [positive] in H; destruct (ltb K z0 (hd z0 p)); try discriminate; destruct (ltb K z0 (low p)) eqn:HL; auto; try discriminate.
  destruct (positive fuel (halve p)) eqn:H1; [|discriminate]. rename H into H2. destruct (Rle_dec x (1 / 2)) as [L|L].
  - destruct (halve_ok (2 * x) p) as (k & Hk & E). assert (P := IH _ H1 (2 * x) ltac:(lra)). rewrite E in P. replace (2 * x / 2) with x in P by field.
    apply Rmult_lt_reg_l with k; auto. lra.
  - destruct (halve_ok (2 * x) p) as (k & Hk & E). assert (P := IH _ H2 (2 * x - 1) ltac:(lra)). rewrite shift_ok in P. replace (1 + (2 * x - 1)) with (2 * x) in P by ring.
    rewrite E in P. replace (2 * x / 2) with x in P by field. apply Rmult_lt_reg_l with k; auto. lra.
Qed.
Definition pieces_of_unit_interval : nat := 10.
Opaque positive.

(* the piece that z(t) is strictly inside for all t in [0,1] *)
Fixpoint insideP (ps : list (t * t * t)) (last : t * t) (z : poly) : option (t * t) :=
  match ps with
  | [] => Some last
  | p :: ps' => 
      let b := fst (fst p) in
      if positive pieces_of_unit_interval (padd [b] (map (mul K (z0 -! one K)) z)) then Some (snd (fst p), snd p)
      else if positive pieces_of_unit_interval (padd z [z0 -! b]) then insideP ps' last z else None
  end.
Lemma insideP_ok x h z s o : 0 <= x <= 1 -> insideP (fst h) (snd h) z = Some (s, o) -> strict (ra KR h) (ev_p x z) (r s) (r o).
Proof.
  intros Hx. destruct h as [ps last]. unfold strict, ev. simpl. revert s o. induction ps as [|[[a b] c] ps IH]; cbn [insideP map plin fst snd]; intros s o H.
  - destruct last. inversion H; subst. exists 1. split; [lra|auto].
  - match type of H with (if ?q then _ else _) = _ => destruct q eqn:E1 end.
    + inversion H; subst. assert (Q := positive_ok _ _ E1 x Hx). rewrite padd_ok, pscal_ok, ev1, toR_sub, toR_one, toR_zero in Q.
      exists (r a - ev_p x z). split; [lra|]. intros z' Hz. apply Rabs_def2 in Hz.
      destruct (Rle_dec z' (r a)) as [HL|HL]; auto. exfalso. lra.
    + match type of H with (if ?q then _ else _) = _ => destruct q eqn:E2 end; [|discriminate].
      assert (Q := positive_ok _ _ E2 x Hx). rewrite padd_ok, ev1, toR_sub, toR_zero in Q.
      destruct (IH _ _ H) as (d & Hd & HH).
      assert (P : 0 < ev_p x z - r a) by lra.
      exists (Rmin d (ev_p x z - r a)). split; [apply Rmin_pos; lra|]. intros z' Hz.
      assert (L1 := Rmin_l d (ev_p x z - r a)). assert (L2 := Rmin_r d (ev_p x z - r a)).
      assert (A : Rabs (z' - ev_p x z) < ev_p x z - r a) by lra. apply Rabs_def2 in A.
      destruct (Rle_dec z' (r a)) as [HL|HL]; [exfalso; lra|]. apply HH. lra.
Qed.

Definition at_ (x : R) (th : params poly) : params R := map (map (map (ev_p x))) th.
Fixpoint unitsP (h : act t) (W : list (list poly)) (a : list poly) : option (list (t * t) * list poly) :=
  match W with
  | [] => Some ([], [])
  | row :: W' =>
      let z := pdot row a in
      match insideP (fst h) (snd h) z, unitsP h W' a with
      | Some so, Some (L, l) => Some (so :: L, padd (map (mul K (fst so)) z) [snd so] :: l)
      | _, _ => None end
  end.
Lemma unitsP_ok x bh : 0 <= x <= 1 -> forall W a L a', unitsP (snd bh) W (pext (fst bh) a) = Some (L, a') ->
  inside_units (fst bh, ra KR (snd bh)) (rso KR L) (map (map (ev_p x)) W) (map (ev_p x) a) /\
  layer (fst bh, ra KR (snd bh)) (map (map (ev_p x)) W) (map (ev_p x) a) = map (ev_p x) a'.
Proof.
  intros Hx. induction W as [|row W IH]; intros a L a' H; simpl in *.
  - inversion H; subst; simpl; auto.
  - destruct (insideP _ _ _) as [[s o]|] eqn:E; [|discriminate].
    destruct (unitsP _ _ _) as [[L0 a0]|] eqn:E2; [|discriminate]. inversion H; subst. simpl.
    destruct (IH _ _ _ E2) as [I1 I2]. apply (insideP_ok x) in E; auto. rewrite pdot_ok, pext_ok in E.
    split; [split; auto|]. f_equal; auto.
    rewrite padd_ok, pscal_ok, pdot_ok, pext_ok, ev1. destruct E as (d & Hd & E).
    rewrite E by (rewrite Rminus_eq_0, Rabs_R0; auto). ring.
Qed.
Fixpoint traceP (N : list (bool * act t)) (th : params poly) (x : list t) : option (list (list (t * t)) * list poly) :=
  match N, th with
  | bh :: N', W :: th' =>
      match traceP N' th' x with
      | None => None
      | Some (p, a) =>
          if is_dead K N' bh x then let v := evT K (snd bh) z0 in Some (map (fun _ => (z0, v)) W :: p, map (fun _ => [v]) W)
          else match unitsP (snd bh) W (pext (fst bh) a) with
          | None => None | Some (L, a') => Some (L :: p, a') end end
  | _, _ => Some ([], map (fun a => [a]) x)
  end.
Lemma constants_ok x v : map (ev_p x) (map (fun a => [a]) v) = rv v.
Proof. unfold InteriorCheck.rv. rewrite map_map. apply map_ext. intros a. apply ev1. Qed.
Lemma traceP_ok x : 0 <= x <= 1 -> forall N th u p a, traceP N th u = Some (p, a) ->
  inside (rN KR N) (map (rso KR) p) (at_ x th) (rv u) /\ net (rN KR N) (at_ x th) (rv u) = map (ev_p x) a.
Proof.
  intros Hx. induction N as [|bh N IH]; intros th u p a H; simpl in *.
  - inversion H; subst. rewrite constants_ok. destruct (at_ x th); auto.
  - destruct th as [|W th]; simpl in *; [inversion H; subst; rewrite constants_ok; auto|].
    destruct (traceP N th u) as [[p0 a0]|] eqn:E; [|discriminate]. destruct (IH _ _ _ _ E) as [I1 I2].
    destruct (is_dead K N bh u) eqn:Dd.
    + destruct (is_dead_ok K KR _ _ _ Dd) as (EN & EB & Z). inversion H; subst. clear H.
      assert (WX : exists V : list (list t), length V = length W) by (exists (repeat [] (length W)); apply repeat_length). destruct WX as (V & LV).
      destruct (dead_row_ok K KR bh V u EB Z) as [(_ & _ & _ & D1) D2].
      assert (CV : forall (A B C : Type) (f : C) (l : list A) (l' : list B), length l = length l' -> map (fun _ => f) l = map (fun _ => f) l').
      { induction l; intros [|? l'] L; try discriminate; simpl; auto. f_equal. apply IHl. simpl in L. lia. }
      split; [split; [right|exact I1]|].
      * split; [auto|]. split; [exact EB|]. split; [exact Z|]. intros j Hj. rewrite map_length in Hj. rewrite (CV _ _ _ _ W V) by auto. apply D1. unfold rm. rewrite map_length. lia.
      * simpl in *. transitivity (layer (fst bh, ra KR (snd bh)) (map (map (ev_p x)) W) (rv u)); [destruct (map (map (map (ev_p x))) th); reflexivity|].
        unfold layer. rewrite !map_map. apply map_ext. intros row. cbn [fst snd]. rewrite EB. cbn [ext]. rewrite Z, ev1, (evT_ok K KR), toR_zero. auto.
    + destruct (unitsP _ _ _) as [[L a1]|] eqn:E2; [|discriminate]. inversion H; subst.
      destruct (unitsP_ok x _ Hx _ _ _ _ E2) as [I3 I4]. rewrite I2. simpl. auto.
Qed.

(* all predictions constant in t *)
Definition constP (p : poly) : bool := match p with [] => true | _ :: p' => forallb (fun a => eqb K a z0) p' end.
Lemma constP_ok x p : constP p = true -> ev_p x p = r (hd z0 p).
Proof.
  unfold ev_p. destruct p as [|a p]; simpl; [rewrite toR_zero; auto|]. intros H.
  cut (pev (rv p) x = 0); [intros ->; ring|]. induction p as [|b p IH]; simpl in *; auto. apply andb_prop in H. destruct H as [H1 H2].
  apply (eqb_ok KR) in H1. rewrite H1, toR_zero, IH; auto. ring.
Qed.
Fixpoint tracesP N th (D : list (list t * list t)) : option (list (list t * list t * (list (list (t * t)) * list poly))) :=
  match D with
  | [] => Some []
  | d :: D' => match traceP N th (fst d), tracesP N th D' with Some pa, Some l => Some ((d, pa) :: l) | _, _ => None end
  end.
Lemma tracesP_ok N th : forall D l, tracesP N th D = Some l ->
  map fst l = D /\ forall e, In e l -> traceP N th (fst (fst e)) = Some (snd e).
Proof.
  induction D as [|d D IH]; simpl; intros l H.
  - inversion H; subst; simpl; split; auto. intros e [].
  - destruct (traceP N th (fst d)) eqn:E; [|discriminate]. destruct (tracesP N th D) eqn:E2; [|discriminate].
    inversion H; subst. destruct (IH _ eq_refl) as [I1 I2]. simpl. rewrite I1. split; auto. intros e [<-|He]; auto.
Qed.
Fixpoint shapeNP (N : list (bool * act t)) (th : params poly) : list (bool * nat) :=
  match N, th with bh :: N', W :: th' => (fst bh, length W) :: shapeNP N' th' | _, _ => [] end.
Lemma shapeNP_ok x : forall N th, shapeN (rN KR N) (at_ x th) = shapeNP N th.
Proof. induction N; intros [|W th]; simpl; auto. rewrite map_length, IHN; auto. Qed.

Definition start (th : params poly) : params t := map (map (map (hd z0))) th.

Definition check_valley (g : list t -> list t -> list t) (m d : nat) (c : t) N D (th : params poly) : bool :=
  leb K z0 c &&
  match tracesP N th D with
  | None => false
  | Some tr =>
      forallb (fun e => (length (snd (fst e)) =? m)%nat && (length (snd (snd e)) =? m)%nat && forallb constP (snd (snd e))) tr &&
      forallb (fun k => killT K d (shapeNP N th) (map (fun e =>
         (nth k (g (map (hd z0) (snd (snd e))) (snd (fst e))) z0, fst (snd e), fst (fst e))) tr)) (seq 0 m)
  end.
Lemma at_start (th : params poly) : at_ 0 th = rp KR (start th).
Proof.
  unfold at_, start, rp, rm, InteriorCheck.rv. rewrite !map_map. apply map_ext. intros W. rewrite !map_map. apply map_ext. intros row. rewrite !map_map. apply map_ext. intros q.
  unfold ev_p. destruct q; simpl; [rewrite toR_zero; auto|ring].
Qed.
Lemma along_path g m d c N D th : check_valley g m d c N D th = true -> exists tr, tracesP N th D = Some tr /\ forall x e, 0 <= x <= 1 -> In e tr ->
  inside (rN KR N) (map (rso KR) (fst (snd e))) (at_ x th) (rv (fst (fst e))) /\ net (rN KR N) (at_ x th) (rv (fst (fst e))) = rv (map (hd z0) (snd (snd e))).
Proof.
  unfold check_valley. intros H. apply andb_prop in H. destruct H as [_ H]. destruct (tracesP N th D) as [tr|] eqn:E; [|discriminate]. exists tr. split; auto.
  apply andb_prop in H. destruct H as [H1 _]. rewrite forallb_forall in H1. destruct (tracesP_ok _ _ _ _ E) as [_ T2].
  intros x e Hx He. specialize (T2 e He). specialize (H1 e He). destruct e as [[u y] [p a]]. simpl in *. apply (traceP_ok x Hx) in T2.
  destruct T2 as [T2 T3]. split; auto. rewrite T3. apply andb_prop in H1. destruct H1 as [_ HC]. rewrite forallb_forall in HC.
  unfold InteriorCheck.rv. rewrite map_map. apply map_ext_in. intros q Hq. apply constP_ok; auto.
Qed.
(* the predictions are those of the start *)
Lemma same_predictions g m d c N D th : check_valley g m d c N D th = true -> forall x s, 0 <= x <= 1 -> In s D ->
  net (rN KR N) (at_ x th) (rv (fst s)) = net (rN KR N) (rp KR (start th)) (rv (fst s)).
Proof.
  intros H x s Hx Hs. destruct (along_path _ _ _ _ _ _ _ H) as (tr & E & PR). destruct (tracesP_ok _ _ _ _ E) as [T1 _]. rewrite <- T1 in Hs. apply in_map_iff in Hs. destruct Hs as (e & <- & He).
  rewrite <- at_start, (proj2 (PR x e Hx He)), (proj2 (PR 0 e ltac:(lra) He)). reflexivity.
Qed.
(* at every point of the path: a local minimum with the risk of the start *)
Theorem check_valley_ok l g L m d c N D th : means KR l g L -> check_valley g m d c N D th = true ->
  forall x, 0 <= x <= 1 -> local_min (risk_of (value L) (r c) (rN KR N) (rD KR D)) (at_ x th) /\
    risk_of (value L) (r c) (rN KR N) (rD KR D) (at_ x th) = r (riskT K l c N D (start th)).
Proof.
  intros [HV HG] H x Hx. destruct (along_path _ _ _ _ _ _ _ H) as (tr' & E' & PR). unfold check_valley in H. apply andb_prop in H. destruct H as [Hc H].
  destruct (tracesP N th D) as [tr|] eqn:E; [|discriminate]. apply andb_prop in H. destruct H as [H1 H2].
  rewrite forallb_forall in H1, H2. destruct (tracesP_ok _ _ _ _ E) as [T1 T2].
  inversion E'; subst tr'. clear E'. assert (S0 := at_start th).
  split.
  2:{ rewrite (riskT_ok K KR l (value L)) by auto. rewrite <- S0. unfold risk_of. f_equal. rewrite !total_sum. unfold rD. rewrite !sum_map. rewrite <- T1, !sum_map.
    apply sum_ext. intros e He. cbn [fst snd]. rewrite (proj2 (PR x e Hx He)), (proj2 (PR 0 e ltac:(lra) He)). reflexivity. }
  set (f := fun e : list t * list t * (list (list (t * t)) * list poly) =>
     (rv (fst (fst e)), rv (snd (fst e)), map (rso KR) (fst (snd e)))).
  replace (rD KR D) with (map fst (map f tr)).
  2:{ rewrite map_map. unfold f. simpl. rewrite <- T1. unfold rD. rewrite map_map. reflexivity. }
  apply interior_minimum with m.
  - apply (leb_ok KR) in Hc. rewrite toR_zero in Hc. auto.
  - intros e He. apply in_map_iff in He. destruct He as (e0 & <- & He). unfold f; simpl.
    destruct (PR x e0 Hx He) as [P1 P2]. split; [exact P1|]. rewrite P2. unfold InteriorCheck.rv. rewrite !map_length.
    specialize (H1 _ He). apply andb_prop in H1. destruct H1 as [H1 _]. apply andb_prop in H1. destruct H1 as [L1 L2]. apply Nat.eqb_eq in L1, L2. auto.
  - intros k Hk. assert (Q : In k (seq 0 m)) by (apply in_seq; lia). apply H2, (killT_ok K KR) in Q.
    rewrite shapeNP_ok. rewrite map_map in *. erewrite map_ext_in; [exact Q|]. intros e He.
    destruct (PR x e Hx He) as [_ P2]. unfold f, residual, rs. simpl. rewrite P2, <- HG. f_equal. f_equal. rewrite <- (toR_zero KR). unfold InteriorCheck.rv. apply map_nth.
Qed.

(* some entry is not constant: no point of the path is taken more often than its degree *)
Lemma in_map_eq {A B} (f g : A -> B) : forall u, map f u = map g u -> forall a, In a u -> f a = g a.
Proof. induction u as [|b u IH]; simpl; intros H a []; inversion H; subst; auto. Qed.
Definition is0V (a : t) : bool := leb K a z0 && leb K z0 a.
Definition constant (p : poly) : bool := match p with [] => true | _ :: p' => forallb is0V p' end.
Definition moves (th : params poly) : bool := existsb (existsb (existsb (fun p => negb (constant p)))) th.
Lemma moves_ok th : moves th = true -> exists k, forall xs, NoDup xs -> (forall x x', In x xs -> In x' xs -> at_ x th = at_ x' th) -> (length xs <= k)%nat.
Proof.
  unfold moves, at_. intros H. apply existsb_exists in H. destruct H as (W & HW & H). apply existsb_exists in H. destruct H as (row & Hr & H).
  apply existsb_exists in H. destruct H as (p & Hp & H). destruct p as [|a p]; [discriminate|]. cbn [constant] in H. apply negb_true_iff in H.
  assert (N : exists b, In b (rv p) /\ b <> 0).
  { clear - H. induction p as [|b p IH]; [discriminate|]. simpl in H. destruct (is0V b) eqn:Z.
    - destruct IH as (c & Hc & N); auto. exists c. split; [right|]; auto.
    - exists (r b). split; [left; auto|]. intros E. assert (is0V b = true); [|congruence]. unfold is0V. apply andb_true_intro. rewrite !(leb_ok KR), toR_zero. lra. }
  exists (length (rv p)). intros xs ND E. apply (taken_finitely (r a) (rv p) N xs ND). intros x x' Hx Hx'. specialize (E x x' Hx Hx').
  apply in_map_eq with (a := W) in E; auto. apply in_map_eq with (a := row) in E; auto. apply in_map_eq with (a := a :: p) in E; auto.
Qed.
(* some entry moves with constant speed: then all points of the path are pairwise different *)
Definition linearP (p : poly) : bool := match p with [a; b] => ltb K z0 b || ltb K b z0 | _ => false end.
Definition steady (th : params poly) : bool := existsb (existsb (existsb linearP)) th.
Lemma steady_ok th : steady th = true -> forall x x', at_ x th = at_ x' th -> x = x'.
Proof.
  unfold steady, at_. intros H x x' E. apply existsb_exists in H. destruct H as (W & HW & H). apply existsb_exists in H. destruct H as (row & Hr & H).
  apply existsb_exists in H. destruct H as (p & Hp & H). apply in_map_eq with (a := W) in E; auto. apply in_map_eq with (a := row) in E; auto.
  apply in_map_eq with (a := p) in E; auto. destruct p as [|a [|b [|]]]; try discriminate. unfold ev_p in E. simpl in E. simpl in H.
  assert (r b <> 0). { apply orb_prop in H. destruct H as [H|H]; apply (ltb_ok KR) in H; rewrite toR_zero in H; lra. }
  apply Rmult_eq_reg_r with (r b); auto. lra.
Qed.

Lemma shape_along th x th' : same_shape (rp KR (start th)) (rp KR th') -> same_shape (at_ x th) (rp KR th').
Proof.
  intros B1. assert (SS : Forall2 (Forall2 (Forall2 (fun _ _ => True))) (at_ x th) (rp KR (start th))).
  { assert (G : forall (A B C : Type) (f : A -> B) (h : A -> C) (P : B -> C -> Prop), (forall a, P (f a) (h a)) -> forall u, Forall2 P (map f u) (map h u)) by (intros; induction u; simpl; constructor; auto).
    unfold at_, rp, rm, InteriorCheck.rv, start. rewrite map_map. apply G. intros W. rewrite map_map. apply G. intros row. rewrite map_map. apply G. auto. }
  assert (TR : forall (A B C : Type) (P : A -> B -> Prop) (Q : B -> C -> Prop) (S : A -> C -> Prop), (forall a b c, P a b -> Q b c -> S a c) ->
     forall u v w, Forall2 P u v -> Forall2 Q v w -> Forall2 S u w).
  { intros A B C P Q S HT u v w H1. revert w. induction H1; intros w H2; inversion H2; subst; constructor; eauto. }
  unfold same_shape in *. eapply TR; [|apply SS|exact B1]. intros ? ? ? A1 A2. eapply TR; [|exact A1|exact A2]. intros ? ? ? A3 A4. eapply TR; [|exact A3|exact A4]. auto.
Qed.
Transparent positive.
End Valley.
Arguments at_ {K}.
