(* span_minimum at a point's cell: the last layer reaches all that the cell can predict, and its best choice is a local minimum; moving a
   unit's weights and the last layer with them gives infinitely many. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Theorem1 Statements InteriorMinimum LinearAlgebra Construction AttainedMinimum Theorem1Proof Theorem1Losses SpanMinimum Numbers InteriorCheck TreeBound FunctionBound Gain
  Theorem1Check Enclosure SpanCheck ZeroInfimum NoMinimum FlatSpan RealInterior.
Import ListNotations.
Open Scope R_scope.

(* ---- weights orthogonal to some columns, as combinations of given ones ---- *)
Lemma kill_nothing {E} (x : E -> list R) (S : list E) : forall N pat, kill N (map (made (fun _ => 0) pat x) S).
Proof.
  induction N as [|[b w] N IH]; intros pat; cbn [kill]; [intros m; rewrite sum_map; apply sum_0; intros e _; unfold made, swt; simpl; ring|]. intros j _.
  split; [rewrite sum_map; apply sum_0; intros e _; unfold made, swt; simpl; ring|]. split; [intros _; rewrite sum_map; apply sum_0; intros e _; unfold made, swt; simpl; ring|].
  rewrite map_map. specialize (IH (fun e => tl (pat e))). erewrite map_ext; [exact IH|]. intros e. unfold advance, made, swt, spat, sx. cbn [fst snd]. rewrite Rmult_0_l. reflexivity.
Qed.
Lemma kill_combination {E J} (x : E -> list R) (S : list E) N pat (u : J -> R) (v : J -> E -> R) : forall B, (forall q, In q B -> kill N (map (made (v q) pat x) S)) ->
  kill N (map (made (fun e => sum (fun q => u q * v q e) B) pat x) S).
Proof.
  induction B as [|q B IH]; intros H; cbn [sum]; [apply kill_nothing|]. apply (kill_linear x S (u q) N (v q) (fun e => sum (fun q => u q * v q e) B) pat); [apply H; left; auto|apply IH; intros; apply H; right; auto].
Qed.
(* key: pairwise different; a: the columns, row by row; r: any rows *)
Definition projected {E} (key : E -> nat) (a r : E -> list R) (q e : E) : R := (if Nat.eq_dec (key q) (key e) then 1 else 0) - dot (r e) (a q).
Lemma kill_reached {E} (key : E -> nat) (x a r : E -> list R) (S : list E) N pat (w : E -> R) : NoDup (map key S) -> (forall j, sum (fun e => w e * nth j (a e) 0) S = 0) ->
  (forall q, In q S -> kill N (map (made (projected key a r q) pat x) S)) -> kill N (map (made w pat x) S).
Proof.
  intros ND O H. apply (kill_same x S N (fun e => sum (fun q => w q * projected key a r q e) S)); [|apply kill_combination; auto]. intros e He.
  unfold projected. transitivity (sum (fun q => w q * (if Nat.eq_dec (key q) (key e) then 1 else 0)) S - sum (fun q => w q * dot (r e) (a q)) S).
  { unfold Rminus. replace (- sum (fun q => w q * dot (r e) (a q)) S) with (-1 * sum (fun q => w q * dot (r e) (a q)) S) by ring. rewrite <- sum_scal, <- sum_plus. apply sum_ext. intros. ring. }
  rewrite (kill_comb w S (r e) a O), Rminus_0_r. rewrite (sum_single _ e).
  - destruct (Nat.eq_dec (key e) (key e)); [ring|contradiction].
  - eapply NoDup_map_inv. exact ND.
  - auto.
  - intros q Hq Ne. destruct (Nat.eq_dec (key q) (key e)) as [K|]; [|ring]. destruct Ne. clear - ND K Hq He. induction S as [|s S IH]; [destruct Hq|]. cbn [map] in ND. inversion ND as [|y z Ni ND']; subst.
    destruct Hq as [->|Hq], He as [->|He]; auto; destruct Ni; [rewrite K|rewrite <- K]; apply in_map; auto.
Qed.

(* ---- a unit's weights are moved ---- *)
Fixpoint moved_row (j : nat) (t : R) (rho : list R) (W : list (list R)) : list (list R) :=
  match W, j with [], _ => [] | row :: W', O => vadd row (map (Rmult t) rho) :: W' | row :: W', S j' => row :: moved_row j' t rho W' end.
Fixpoint bumped (j : nat) (d : R) (a : list R) : list R := match a, j with [], _ => [] | x :: a', O => x + d :: a' | x :: a', S j' => x :: bumped j' d a' end.
Lemma moved_length j t rho : forall W, length (moved_row j t rho W) = length W.
Proof. revert j. fix IH 2. intros j W. destruct W as [|row W], j; simpl; auto. Qed.
Lemma bumped_dot d : forall a j v, (j < length a)%nat -> dot v (bumped j d a) = dot v a + d * nth j v 0.
Proof.
  induction a as [|x a IH]; intros [|j] v H; simpl in H; try lia; cbn [bumped]; destruct v as [|c v]; simpl; try ring. rewrite IH by lia. ring.
Qed.
Lemma strict_near h z s o : strict h z s o -> exists d, 0 < d /\ forall z', Rabs (z' - z) < d -> strict h z' s o.
Proof. intros (d & Hd & H). exists d. split; auto. intros z' Hz. apply (strict_in h z s o d); auto. Qed.
Lemma strict_value h z s o : strict h z s o -> ev h z = s * z + o.
Proof. intros (d & Hd & H). apply H. rewrite Rminus_eq_0, Rabs_R0. auto. Qed.
Lemma small_steps k d : 0 < d -> exists e, 0 < e /\ forall t, 0 <= t <= e -> Rabs (t * k) < d.
Proof.
  intros Hd. exists (d / (Rabs k + 1) / 2). assert (K := Rabs_pos k). assert (P : 0 < d / (Rabs k + 1)) by (apply Rdiv_lt_0_compat; lra). split; [lra|]. intros t Ht. rewrite Rabs_mult, (Rabs_right t) by lra.
  apply Rle_lt_trans with (d / (Rabs k + 1) / 2 * Rabs k); [apply Rmult_le_compat_r; lra|]. apply Rmult_lt_reg_r with (Rabs k + 1); [lra|].
  replace (d / (Rabs k + 1) / 2 * Rabs k * (Rabs k + 1)) with (d * Rabs k / 2) by (field; lra). nra.
Qed.
Lemma moved_units b h rho a : forall W L j, inside_units (b, h) L W a -> exists e, 0 < e /\ forall t, 0 <= t <= e ->
  inside_units (b, h) L (moved_row j t rho W) a /\
  layer (b, h) (moved_row j t rho W) a = bumped j (t * (fst (nth j L (0, 0)) * dot rho (ext b a))) (layer (b, h) W a).
Proof.
  induction W as [|row W IH]; intros L j H; [exists 1; split; [lra|]; intros t _; destruct j; auto|]. cbn [inside_units fst snd] in H. destruct H as [H1 H2].
  assert (N0 : nth 0 L (0, 0) = hd (0, 0) L) by (destruct L; auto). assert (NS : forall j', nth (S j') L (0, 0) = nth j' (tl L) (0, 0)) by (intros j'; destruct L; [destruct j'|]; auto).
  destruct j as [|j].
  - destruct (strict_near _ _ _ _ H1) as (d & Hd & HS). destruct (small_steps (dot rho (ext b a)) d Hd) as (e & He & SM). exists e. split; auto. intros t Ht.
    assert (EZ : dot (vadd row (map (Rmult t) rho)) (ext b a) = dot row (ext b a) + t * dot rho (ext b a)) by (rewrite dot_vadd, dot_scale; ring).
    assert (S1 : strict h (dot (vadd row (map (Rmult t) rho)) (ext b a)) (fst (hd (0, 0) L)) (snd (hd (0, 0) L))).
    { apply HS. rewrite EZ. replace (dot row (ext b a) + t * dot rho (ext b a) - dot row (ext b a)) with (t * dot rho (ext b a)) by ring. apply SM; auto. }
    split; [cbn [moved_row inside_units fst snd]; auto|]. unfold layer. cbn [moved_row map bumped fst snd]. f_equal. rewrite (strict_value _ _ _ _ S1), (strict_value _ _ _ _ H1), EZ, N0. ring.
  - destruct (IH (tl L) j H2) as (e & He & G). exists e. split; auto. intros t Ht. destruct (G t Ht) as [G1 G2]. split; [cbn [moved_row inside_units fst snd]; auto|].
    unfold layer in *. cbn [moved_row map bumped fst snd]. f_equal. rewrite NS. exact G2.
Qed.
Lemma layer_dead h W W' x : (forall row, dot row x = 0) -> length W = length W' -> layer (false, h) W x = layer (false, h) W' x.
Proof.
  intros Z. revert W'. induction W as [|r W IH]; intros [|r' W'] L; try discriminate; auto. unfold layer in *. cbn [map fst snd ext] in *. rewrite !Z. f_equal. apply IH. simpl in L. lia.
Qed.
Lemma bumped_0 : forall a j, bumped j 0 a = a.
Proof. induction a as [|x a IH]; intros [|j]; simpl; auto; [rewrite Rplus_0_r; auto|rewrite IH; auto]. Qed.
Lemma moved_inside b h Ls rho j P W rest x : inside ((b, h) :: Ls) P (W :: rest) x -> exists e, 0 < e /\ forall t, 0 <= t <= e ->
  inside ((b, h) :: Ls) P (moved_row j t rho W :: rest) x /\
  net ((b, h) :: Ls) (moved_row j t rho W :: rest) x = bumped j (t * (fst (nth j (hd [] P) (0, 0)) * dot rho (ext b (net Ls rest x)))) (net ((b, h) :: Ls) (W :: rest) x).
Proof.
  cbn [inside net]. intros [[H|H] I].
  - destruct (moved_units b h rho (net Ls rest x) W (hd [] P) j H) as (e & He & G). exists e. split; auto. intros t Ht. destruct (G t Ht). auto.
  - exists 1. split; [lra|]. intros t _. destruct H as (E1 & E2 & E3 & E4). cbn [fst snd] in *. subst Ls b. cbn [net] in *. split; [split; [right; split; [auto|split; [auto|split; [auto|]]]; rewrite moved_length; auto|auto]|].
    assert (NX : net [] rest x = x) by (destruct rest; auto). cbn [net ext]. rewrite E3, !Rmult_0_r, bumped_0. apply layer_dead; auto. apply moved_length.
Qed.
Lemma every_step {I} (Q : I -> R -> Prop) : forall S, (forall i, In i S -> exists e, 0 < e /\ forall t, 0 <= t <= e -> Q i t) -> exists e, 0 < e /\ forall t, 0 <= t <= e -> forall i, In i S -> Q i t.
Proof.
  induction S as [|i S IH]; intros H; [exists 1; split; [lra|intros t _ i []]|]. destruct (H i (or_introl eq_refl)) as (e1 & P1 & H1). destruct IH as (e2 & P2 & H2); [intros; apply H; right; auto|].
  exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. assert (M1 := Rmin_l e1 e2). assert (M2 := Rmin_r e1 e2). intros t Ht k [<-|K]; [apply H1; lra|apply H2; [lra|auto]].
Qed.
(* the last layer, so that the predictions stay *)
Definition answered (j : nat) (t : R) (e : list R) (A : list (list R)) : list (list R) :=
  map (fun row => vadd row (map (Rmult (- (t * nth (S j) row 0 / (1 + t * nth (S j) e 0)))) e)) A.
Lemma answered_map j t e A a u : (j < length a)%nat -> 1 + t * nth (S j) e 0 <> 0 -> dot e (1 :: a) = u -> affine_map (answered j t e A) (bumped j (t * u) a) = affine_map A a.
Proof.
  intros Hj N E. unfold affine_map, answered. rewrite map_map. apply map_ext. intros row. rewrite dot_vadd, dot_scale. change (1 :: bumped j (t * u) a) with (bumped (S j) (t * u) (1 :: a)).
  rewrite !(bumped_dot _ (1 :: a)) by (simpl; lia). rewrite E. field. exact N.
Qed.
Lemma identity_map A a : layer (true, identity) A a = affine_map A a.
Proof. unfold layer, affine_map. apply map_ext. intros row. unfold ev, identity. simpl. ring. Qed.
Lemma kill_output {E} N (S : list E) (w : E -> R) pat x m : sum w S = 0 -> kill N (map (made w pat x) S) -> kill ((true, m) :: N) (map (made w (fun e => repeat (1, 0) m :: pat e) x) S).
Proof.
  intros Z K j Hj. cbn [kill]. assert (PJ : nth j (repeat (1, 0) m) (0, 0) = (1, 0)) by (revert j Hj; clear; induction m; intros [|j] Hj; simpl; try lia; auto; apply IHm; lia).
  rewrite !sum_map, map_map. unfold piece_of, made, spat, swt. cbn [fst snd hd]. rewrite PJ. cbn [fst snd].
  split; [apply sum_0; intros; ring|]. split; [intros _; rewrite <- Z; apply sum_ext; intros; ring|]. erewrite map_ext; [exact K|]. intros e. unfold advance, piece_of, made, spat, swt, sx. cbn [fst snd hd tl]. rewrite PJ. cbn [fst]. rewrite Rmult_1_r. reflexivity.
Qed.

(* entries: input, label, pieces, what enters the last layer *)
Definition seen : Type := (list R * list R * (list (list (R * R)) * list R))%type.
Theorem cell_minima (L : convex_loss) c b h Ls W rest m j rho e (S : list seen) A : 0 <= c -> differentiable L m -> (j < length W)%nat ->
  (forall s, In s S -> length (snd (fst s)) = m /\ inside ((b, h) :: Ls) (fst (snd s)) (W :: rest) (fst (fst s)) /\ net ((b, h) :: Ls) (W :: rest) (fst (fst s)) = snd (snd s) /\
     dot e (1 :: snd (snd s)) = fst (nth j (hd [] (fst (snd s))) (0, 0)) * dot rho (ext b (net Ls rest (fst (fst s))))) ->
  least_affine L m (length W) (map (fun s : seen => (snd (snd s), snd (fst s))) S) A ->
  (forall w : seen -> R, (forall i, sum (fun s => w s * nth i (1 :: snd (snd s)) 0) S = 0) -> kill (shapeN ((b, h) :: Ls) (W :: rest)) (map (made w (fun s => fst (snd s)) (fun s => fst (fst s))) S)) ->
  exists eta, 0 < eta /\ forall t, 0 <= t <= eta -> let th := answered j t e A :: moved_row j t rho W :: rest in
    local_min (risk_of (value L) c ((true, identity) :: (b, h) :: Ls) (map fst S)) th /\ forall s, In s S -> net ((true, identity) :: (b, h) :: Ls) th (fst (fst s)) = affine_map A (snd (snd s)).
Proof.
  intros Hc DL Hj HS LA KILL. destruct LA as [SA BA].
  assert (LW : forall s, In s S -> length (snd (snd s)) = length W).
  { intros s Hs. destruct (HS s Hs) as (_ & _ & E & _). rewrite <- E. cbn [net]. unfold layer. apply map_length. }
  set (D' := map (fun s : seen => (snd (snd s), snd (fst s))) S) in *.
  assert (HD' : forall s, In s D' -> length (fst s) = length W /\ length (snd s) = m) by (intros s Hs; apply in_map_iff in Hs; destruct Hs as (s0 & <- & Hs); cbn [fst snd]; split; [auto|apply HS; auto]).
  assert (ST := stationary L (length W) m D' A DL HD' SA BA).
  destruct (every_step (fun (s : seen) t => inside ((b, h) :: Ls) (fst (snd s)) (moved_row j t rho W :: rest) (fst (fst s)) /\
     net ((b, h) :: Ls) (moved_row j t rho W :: rest) (fst (fst s)) = bumped j (t * (fst (nth j (hd [] (fst (snd s))) (0, 0)) * dot rho (ext b (net Ls rest (fst (fst s)))))) (snd (snd s))) S) as (eta1 & P1 & MV).
  { intros s Hs. destruct (HS s Hs) as (_ & I & E & _). rewrite <- E. apply moved_inside; auto. }
  destruct (small_steps (nth (Datatypes.S j) e 0) (1 / 2) ltac:(lra)) as (eta2 & P2 & SM).
  exists (Rmin eta1 eta2). split; [apply Rmin_pos; auto|]. assert (M1 := Rmin_l eta1 eta2). assert (M2 := Rmin_r eta1 eta2). intros t Ht th.
  assert (NZ : 1 + t * nth (Datatypes.S j) e 0 <> 0) by (assert (X := SM t ltac:(lra)); apply Rabs_def2 in X; lra).
  assert (NET : forall s, In s S -> net ((true, identity) :: (b, h) :: Ls) th (fst (fst s)) = affine_map A (snd (snd s))).
  { intros s Hs. unfold th. change (net ((true, identity) :: (b, h) :: Ls) (answered j t e A :: moved_row j t rho W :: rest) (fst (fst s))) with (layer (true, identity) (answered j t e A) (net ((b, h) :: Ls) (moved_row j t rho W :: rest) (fst (fst s)))).
    rewrite (proj2 (MV t ltac:(lra) s Hs)), identity_map. apply answered_map; auto; [rewrite LW; auto|apply HS; auto]. }
  split; auto. set (full := fun s : seen => (fst s, repeat (1, 0) m :: fst (snd s))). replace (map fst S) with (map fst (map full S)) by (rewrite map_map; reflexivity).
  assert (LV : length (answered j t e A) = m) by (unfold answered; rewrite map_length; apply SA).
  apply (interior_minimum L) with m; auto.
  - intros d Hd. apply in_map_iff in Hd. destruct Hd as (s & <- & Hs). unfold full. cbn [fst snd]. split; [|split; [apply HS; auto|rewrite NET by auto; rewrite affine_map_length; apply SA]].
    cbn [inside th hd tl]. unfold th. split; [left; apply identity_inside; rewrite LV; auto|apply (MV t ltac:(lra) s Hs)].
  - intros k Hk. rewrite map_map. set (w := fun s : seen => nth k (slope L (affine_map A (snd (snd s))) (snd (fst s))) 0).
    assert (K := KILL w). assert (O : forall i, sum (fun s => w s * nth i (1 :: snd (snd s)) 0) S = 0).
    { intros i. etransitivity; [|exact (ST k Hk i)]. unfold D'. rewrite sum_map. reflexivity. }
    specialize (K O). assert (O1 : sum w S = 0) by (etransitivity; [|exact (O 0%nat)]; apply sum_ext; intros; simpl; ring).
    assert (SH : shapeN ((true, identity) :: (b, h) :: Ls) th = (true, m) :: shapeN ((b, h) :: Ls) (W :: rest)) by (unfold th; cbn [shapeN fst]; rewrite LV, moved_length; auto).
    rewrite SH. assert (G := kill_output _ S w _ _ m O1 K). erewrite map_ext_in; [exact G|]. intros s Hs. unfold residual, full, made. cbn [fst snd]. rewrite NET by auto. reflexivity.
Qed.

(* ---- with rational numbers ---- *)
Definition indexed : Type := (nat * entry * list Q)%type.
Definition key_of (e : indexed) : nat := fst (fst e).
Definition entry_of (e : indexed) : entry := snd (fst e).
Definition columns_of (e : indexed) : list Q := 1%Q :: snd (snd (entry_of e)).
Definition project (q : indexed) (e : indexed) : sampT Qops :=
  (sub Qops (if (key_of q =? key_of e)%nat then 1%Q else 0%Q) (dotT Qops (snd e) (columns_of q)), fst (snd (entry_of e)), fst (fst (entry_of e))).
(* rows: a left inverse of the columns, so that what is orthogonal to them is a combination of few vectors *)
Definition check_reach (d : nat) (N : list (bool * nat)) (tr : list entry) (rows : list (list Q)) : bool :=
  let E := combine (combine (seq 0 (length tr)) tr) rows in
  (length rows =? length tr)%nat && forallb (fun q => killT Qops d N (map (project q) E)) E.
Definition seen_of (e : entry) : seen := (qv (fst (fst e)), qv (snd (fst e)), (map (rso QR) (fst (snd e)), qv (snd (snd e)))).
Lemma indices_apart {A} (tr : list A) : forall (rows : list (list Q)) n, NoDup (map (fun e => fst (fst e)) (combine (combine (seq n (length tr)) tr) rows)).
Proof.
  assert (G : forall rows n (e : nat * A * list Q), In e (combine (combine (seq n (length tr)) tr) rows) -> (n <= fst (fst e))%nat).
  { induction tr as [|a tr IH]; intros [|r rows] n e H; try (destruct H; fail). cbn [length seq combine] in H. destruct H as [<-|H]; [simpl; lia|]. specialize (IH rows (S n) e H). lia. }
  induction tr as [|a tr IH]; intros [|r rows] n; try constructor.
  - cbn [length seq combine map fst]. intros H. apply in_map_iff in H. destruct H as (e & E & H). assert (X : (S n <= fst (fst e))%nat); [|lia]. clear E.
    revert rows H. generalize (S n). clear. revert e. induction tr as [|a tr IH]; intros e n [|r rows] H; try (destruct H; fail). cbn [length seq combine] in H. destruct H as [<-|H]; [simpl; lia|]. specialize (IH e (S n) rows H). lia.
  - cbn [length seq combine map]. apply IH. intros rows0 n0 e H. revert rows0 H. clear. revert n0 e. induction tr as [|a tr IH]; intros n e [|r rows] H; try (destruct H; fail). cbn [length seq combine] in H. destruct H as [<-|H]; [simpl; lia|]. specialize (IH (S n) e rows H). lia.
Qed.
Lemma entries_back (rows : list (list Q)) : forall (tr : list entry) n, length rows = length tr -> map entry_of (combine (combine (seq n (length tr)) tr) rows) = tr.
Proof. induction rows as [|r rows IH]; intros [|e tr] n L; try discriminate; auto. cbn [length seq combine map]. unfold entry_of at 1. cbn [fst snd]. rewrite IH by (simpl in L; lia). reflexivity. Qed.
Lemma check_reach_ok d N tr rows : check_reach d N tr rows = true -> forall w : seen -> R, (forall i, sum (fun s => w s * nth i (1 :: snd (snd s)) 0) (map seen_of tr) = 0) ->
  kill N (map (made w (fun s => fst (snd s)) (fun s => fst (fst s))) (map seen_of tr)).
Proof.
  unfold check_reach. intros H w O. apply andb_prop in H. destruct H as [L H]. apply Nat.eqb_eq in L. set (E := combine (combine (seq 0 (length tr)) tr) rows) in *. rewrite forallb_forall in H.
  assert (ES : map seen_of tr = map (fun e => seen_of (entry_of e)) E) by (rewrite <- (map_map entry_of seen_of); unfold E; rewrite entries_back by auto; reflexivity).
  rewrite ES in O |- *. rewrite map_map.
  apply (kill_reached key_of (fun e : indexed => qv (fst (fst (entry_of e)))) (fun e => qv (columns_of e)) (fun e => qv (snd e)) E N (fun e => map (rso QR) (fst (snd (entry_of e)))) (fun e => w (seen_of (entry_of e)))).
  - apply indices_apart.
  - intros i. etransitivity; [|exact (O i)]. rewrite sum_map. apply sum_ext. intros e _. f_equal. unfold columns_of, rv. cbn [map toR QR]. rewrite real_one. reflexivity.
  - intros q Hq. specialize (H q Hq). apply (killT_ok Qops QR) in H. rewrite map_map in H. erewrite map_ext; [exact H|]. intros e. unfold made, rs, project. cbn [fst snd]. f_equal. f_equal.
    unfold projected. rewrite (toR_sub QR), (dotT_ok Qops QR). f_equal. destruct (Nat.eq_dec _ _) as [->|Ne]; [rewrite Nat.eqb_refl; cbn [toR QR]; symmetry; apply real_one|].
    apply Nat.eqb_neq in Ne. rewrite Ne. cbn [toR QR]. symmetry; apply real_zero.
Qed.

(* unit, direction: which unit's weights move, and how; change: what the last layer's rows lose; P, vss: as for the span *)
Definition outer_data (tr : list entry) : list (list Q * list Q) := map (fun e => (snd (snd e), snd (fst e))) tr.
Definition check_cell_with (places : BinNums.positive) (p : problem_of log_loss) (th : params Q) (unit : nat) (direction change : list Q) (rows P vss : list (list Q)) (low : Q) (more : list entry -> bool) : bool :=
  match layers p, th with
  | (bo, a) :: (b, h) :: Ls, out :: W :: rest =>
      match tracesT Qops ((b, h) :: Ls) (W :: rest) (samples p) with
      | None => false
      | Some tr =>
          let m := n_out p in let outer := Problem [] (outer_data tr) (loss_of p) (factor p) (length W) m in
          bo && is_identity a && (length out =? m)%nat && forallb (fun row => (length row =? S (length W))%nat) out &&
          (unit <? length W)%nat && (length direction =? length (nth unit W []))%nat && existsb (fun x => negb (Qeq_bool x 0)) direction && (length change =? S (length W))%nat &&
          forallb (fun e : entry => Qeq_bool (dotT Qops change (1%Q :: snd (snd e))) (mul Qops (fst (nth unit (hd [] (fst (snd e))) (0, 0))) (dotT Qops direction (extT Qops b (netT Qops Ls rest (fst (fst e)))))))%Q tr &&
          check_sizes (length W) m (outer_data tr) && consistent (outer_data tr) P && (length P =? length (outer_data tr))%nat && forallb (fun q => (length q =? m)%nat) P &&
          check_moments (length W) m (outer_data tr) P && check_inside outer P && entropy_at_least places outer P vss low &&
          check_reach (n_in p) (shapeNT Qops ((b, h) :: Ls) (W :: rest)) tr rows && more tr
      end
  | _, _ => false
  end.
Lemma any_lengths (u v : list R) : length u = length v -> Forall2 (fun _ _ => True) u v.
Proof. revert v. induction u as [|a u IH]; intros [|b v] L; try discriminate; constructor; auto. Qed.
Lemma moved_shape t rho : forall W j, length rho = length (nth j W []) -> Forall2 (Forall2 (fun _ _ => True)) W (moved_row j t rho W).
Proof.
  induction W as [|row W IH]; intros [|j] L; cbn [moved_row nth] in *; constructor; auto.
  - apply any_lengths. rewrite vadd_length; [auto|rewrite map_length; auto].
  - clear. induction W; constructor; auto. apply any_lengths; auto.
  - apply any_lengths; auto.
Qed.
Lemma moved_apart t t' rho : forall W j, (j < length W)%nat -> length rho = length (nth j W []) -> (exists x, In x rho /\ x <> 0) -> moved_row j t rho W = moved_row j t' rho W -> t = t'.
Proof.
  induction W as [|row W IH]; intros [|j] Hj L (x & Hx & N) E; simpl in Hj; try lia; cbn [moved_row nth] in *.
  - injection E as E. clear IH Hj. revert row L E. induction rho as [|r rho IHr]; intros [|a row] L E; try discriminate; [destruct Hx|]. simpl in E. injection E as E1 E2.
    destruct Hx as [->|Hx]; [apply Rmult_eq_reg_r with x; auto; lra|]. apply (IHr Hx row); auto.
  - injection E as E. apply (IH j); auto; [lia|]. exists x. auto.
Qed.
Lemma answered_shape j t e : forall A n, (forall row, In row A -> length row = n) -> length e = n -> Forall2 (Forall2 (fun _ _ => True)) A (answered j t e A).
Proof. induction A as [|row A IH]; intros n H L; constructor; [apply any_lengths; rewrite vadd_length; [auto|rewrite map_length, L; apply H; left; auto]|apply (IH n); auto; intros; apply H; right; auto]. Qed.
Lemma shape_refl {A B} (R : A -> A -> Prop) (f : B -> A) : (forall b, R (f b) (f b)) -> forall l, Forall2 R (map f l) (map f l).
Proof. intros H. induction l; constructor; auto. Qed.
Lemma first_piece u (P : list (list (Q * Q))) : fst (nth u (hd [] (map (rso QR) P)) (0, 0)) = Q2R (fst (nth u (hd [] P) (0%Q, 0%Q))).
Proof.
  replace (hd [] (map (rso QR) P)) with (rso QR (hd [] P)) by (destruct P; auto). generalize (hd [] P). clear. intros l. revert u. induction l as [|x l IH]; intros [|u]; cbn; try (symmetry; apply real_zero); auto.
Qed.
Lemma traced (p : problem_of log_loss) (Ls : list (bool * act Q)) th tr : tracesT Qops Ls th (samples p) = Some tr -> map fst (map seen_of tr) = rD QR (samples p) /\
  forall e, In e tr -> inside (rN QR Ls) (map (rso QR) (fst (snd e))) (real th) (qv (fst (fst e))) /\ net (rN QR Ls) (real th) (qv (fst (fst e))) = qv (snd (snd e)).
Proof.
  intros E. destruct (tracesT_ok Qops _ _ _ _ E) as [T1 T2]. split; [rewrite <- T1; unfold rD; rewrite !map_map; reflexivity|]. intros e He. specialize (T2 e He). destruct e as [[x y] [q a]]. cbn [fst snd] in *. apply (traceT_ok Qops QR _ _ _ _ _ T2).
Qed.
Theorem check_cell_with_ok places p th unit direction change rows P vss low high more (property : params R -> Prop) :
  check_cell_with places p th unit direction change rows P vss low more = true -> log_risk p (real th) <= Q2R high ->
  (forall tr H A th', more tr = true -> map fst (map seen_of tr) = rD QR (samples p) -> least_affine (real_loss (loss_of p)) (n_out p) H (rD QR (outer_data tr)) A ->
     (forall e, In e tr -> length (snd (snd e)) = H /\ net (real_layers (layers p)) th' (qv (fst (fst e))) = affine_map A (qv (snd (snd e)))) -> property th') ->
  many_minima local_min p th low high property.
Proof.
  unfold check_cell_with. destruct (layers p) as [|[bo a] [|[b h] Ls]] eqn:EN; try discriminate. destruct th as [|out [|W rest]]; try discriminate.
  destruct (tracesT Qops ((b, h) :: Ls) (W :: rest) (samples p)) as [tr|] eqn:ET; [|discriminate]. intros H HIGH PROP.
  apply andb_prop in H. destruct H as [H MORE]. apply andb_prop in H. destruct H as [H REACH]. apply andb_prop in H. destruct H as [H ENT]. apply andb_prop in H. destruct H as [H INS]. apply andb_prop in H. destruct H as [H MOM].
  apply andb_prop in H. destruct H as [H LQ]. apply andb_prop in H. destruct H as [H LP]. apply andb_prop in H. destruct H as [H CON]. apply andb_prop in H. destruct H as [H SIZ]. apply andb_prop in H. destruct H as [H MOV].
  apply andb_prop in H. destruct H as [H LC]. apply andb_prop in H. destruct H as [H NZ]. apply andb_prop in H. destruct H as [H LD]. apply andb_prop in H. destruct H as [H HJ]. apply andb_prop in H. destruct H as [H RO].
  apply andb_prop in H. destruct H as [H LO]. apply andb_prop in H. destruct H as [BO ID]. destruct bo; [|discriminate]. apply is_identity_ok in ID. subst a. apply Nat.ltb_lt in HJ. apply Nat.eqb_eq in LO, LD, LC.
  set (outer := Problem [] (outer_data tr) (loss_of p) (factor p) (length W) (n_out p)) in *. set (L := real_loss (loss_of p)). set (m := n_out p) in *.
  destruct (best_fit outer P SIZ CON LP LQ MOM INS) as ((A & LA) & BOUND & _). cbn [loss_of outer samples n_in n_out] in LA, BOUND. fold L in LA, BOUND. fold m in LA, BOUND.
  assert (HC : 0 <= Q2R (factor p)).
  { unfold entropy_at_least in ENT. apply andb_prop in ENT. destruct ENT as [ENT _]. apply andb_prop in ENT. destruct ENT as [ENT _]. apply andb_prop in ENT. destruct ENT as [ENT _]. apply Qle_bool_iff, Qle_Rle in ENT. rewrite real_zero in ENT. exact ENT. }
  destruct (traced p _ _ _ ET) as [T1 T2].
  assert (EA : real_layers (layers p) = (true, identity) :: (b, ra QR h) :: rN QR Ls).
  { rewrite EN. change (real_layers ((true, act_out Qops) :: (b, h) :: Ls)) with ((true, ra QR (act_out Qops)) :: (b, ra QR h) :: rN QR Ls). f_equal. f_equal. unfold ra, identity. simpl. rewrite real_one, real_zero. reflexivity. }
  assert (ED : rD QR (outer_data tr) = map (fun s : seen => (snd (snd s), snd (fst s))) (map seen_of tr)) by (unfold outer_data, rD; rewrite !map_map; reflexivity).
  rewrite ED in LA, BOUND.
  assert (DL : differentiable L m) by (unfold L; destruct (loss_of p); [apply logistic_differentiable|apply cross_entropy_differentiable|apply poisson_differentiable]).
  assert (SZ := sizes_real _ _ _ SIZ). rewrite ED in SZ.
  assert (LR : length (rm QR W) = length W) by (unfold rm; apply map_length).
  assert (CM : exists eta, 0 < eta /\ forall t, 0 <= t <= eta -> let th := answered unit t (qv change) A :: moved_row unit t (qv direction) (rm QR W) :: real rest in
    local_min (risk_of (value L) (Q2R (factor p)) ((true, identity) :: (b, ra QR h) :: rN QR Ls) (map fst (map seen_of tr))) th /\ forall s, In s (map seen_of tr) -> net ((true, identity) :: (b, ra QR h) :: rN QR Ls) th (fst (fst s)) = affine_map A (snd (snd s))).
  { apply (cell_minima L (Q2R (factor p)) b (ra QR h) (rN QR Ls) (rm QR W) (real rest) m unit (qv direction) (qv change) (map seen_of tr) A); auto.
    - rewrite LR. exact HJ.
    - intros s Hs. apply in_map_iff in Hs. destruct Hs as (e & <- & He). destruct (T2 e He) as [I1 I2]. unfold seen_of. cbn [fst snd]. split; [apply (SZ (qv (snd (snd e)), qv (snd (fst e)))); apply in_map_iff; exists (seen_of e); split; [reflexivity|apply in_map; auto]|].
      split; [exact I1|]. split; [exact I2|]. rewrite forallb_forall in MOV. specialize (MOV e He). apply q_eq in MOV. change Q2R with (toR QR) in MOV. rewrite (dotT_ok Qops QR), (toR_mul QR), (dotT_ok Qops QR), (extT_ok Qops QR), (netT_ok Qops QR) in MOV.
      etransitivity; [|etransitivity; [exact MOV|]]; [unfold rv; cbn [map toR QR]; rewrite real_one; reflexivity|]. f_equal.
      symmetry. apply first_piece.
    - rewrite LR. exact LA.
    - intros w O. apply (check_reach_ok _ _ _ _ REACH w) in O. rewrite <- (shapeNT_ok Qops QR) in O. exact O. }
  destruct CM as (eta & He & CM). rewrite <- EA, T1 in CM.
  assert (ER : log_risk p = risk_of (value L) (Q2R (factor p)) (real_layers (layers p)) (rD QR (samples p))) by (unfold log_risk, L; rewrite real_loss_ok; reflexivity).
  set (point := fun x => answered unit (eta * x) (qv change) A :: moved_row unit (eta * x) (qv direction) (rm QR W) :: real rest).
  assert (STEP : forall x, 0 <= x <= 1 -> 0 <= eta * x <= eta) by (intros x Hx; split; [apply Rmult_le_pos; lra|]; replace eta with (eta * 1) at 2 by ring; apply Rmult_le_compat_l; lra).
  assert (RISK : forall th', (forall e, In e tr -> net (real_layers (layers p)) th' (qv (fst (fst e))) = affine_map A (qv (snd (snd e)))) -> log_risk p th' = Q2R (factor p) * affine_total L (map (fun s : seen => (snd (snd s), snd (fst s))) (map seen_of tr)) A).
  { intros th' NT. rewrite ER. unfold risk_of. f_equal. rewrite total_sum, <- T1. unfold affine_total. rewrite !sum_map. apply sum_ext. intros e Hin. unfold seen_of. cbn [fst snd]. exact (f_equal (fun u => value L u (qv (snd (fst e)))) (NT e Hin)). }
  assert (NETS : forall x, 0 <= x <= 1 -> forall e, In e tr -> net (real_layers (layers p)) (point x) (qv (fst (fst e))) = affine_map A (qv (snd (snd e)))).
  { intros x Hx e Hin. exact (proj2 (CM (eta * x) (STEP x Hx)) (seen_of e) (in_map seen_of _ _ Hin)). }
  assert (RX : forall x, 0 <= x <= 1 -> log_risk p (point x) = Q2R (factor p) * affine_total L (map (fun s : seen => (snd (snd s), snd (fst s))) (map seen_of tr)) A) by (intros x Hx; apply RISK, NETS, Hx).
  assert (SO : sized m (length W) (rm QR out)).
  { split; [unfold rm; rewrite map_length; auto|]. intros row Hr. unfold rm in Hr. apply in_map_iff in Hr. destruct Hr as (r0 & <- & Hr). rewrite forallb_forall in RO. specialize (RO r0 Hr). apply Nat.eqb_eq in RO. unfold rv. rewrite map_length. exact RO. }
  assert (LENGTH : forall e, In e tr -> length (snd (snd e)) = length W).
  { intros e Hin. assert (X := proj1 (SZ (snd (snd (seen_of e)), snd (fst (seen_of e))) (in_map (fun s : seen => (snd (snd s), snd (fst s))) _ _ (in_map seen_of _ _ Hin)))). cbn [fst seen_of snd] in X. unfold rv in X. rewrite map_length in X. exact X. }
  exists point. split; [|split].
  - intros x Hx. split; [|split; [|split; [rewrite !RX by (auto; lra); reflexivity|]]].
    + unfold point, same_shape, real. cbn [map]. constructor; [|constructor; [|]].
      * destruct LA as [[LA1 LA2] _]. assert (G : forall (B C : list (list R)), length B = length C -> (forall r, In r B -> length r = S (length W)) -> (forall r, In r C -> length r = S (length W)) -> Forall2 (Forall2 (fun _ _ => True)) B C).
        { induction B as [|r B IH]; intros [|r' C] E HB' HC'; try discriminate; constructor; [apply any_lengths; rewrite HB', HC' by (left; auto); auto|apply IH; [simpl in E; lia| |]; intros; [apply HB'|apply HC']; right; auto]. }
        apply (G (rm QR out)); [unfold answered; rewrite map_length; rewrite (proj1 SO); auto|apply SO|]. intros r Hr. unfold answered in Hr. apply in_map_iff in Hr. destruct Hr as (r0 & <- & Hr).
        rewrite vadd_length; [apply LA2, Hr|]. rewrite map_length, (LA2 r0 Hr). unfold rv. rewrite map_length. auto.
      * apply (moved_shape _ _ (rm QR W)). assert (X : length (nth unit (rm QR W) []) = length (nth unit W [])) by (unfold rm; change (@nil R) with (rv QR []); rewrite map_nth; unfold rv; apply map_length). rewrite X. unfold rv. rewrite map_length. exact LD.
      * apply shape_refl. intros M. apply shape_refl. intros r. apply any_lengths. reflexivity.
    + rewrite ER. apply (CM (eta * x) (STEP x Hx)).
    + apply (PROP tr (length W) A); auto; [rewrite ED; exact LA|]. intros e Hin. split; [apply LENGTH; auto|]. rewrite EN in NETS. apply NETS; auto.
  - rewrite RX by lra. split.
    + apply entropy_at_least_ok in ENT. apply Rle_trans with (1 := ENT). cbn [factor outer]. apply Rmult_le_compat_l; auto. apply BOUND, LA.
    + apply Rle_trans with (2 := HIGH). rewrite ER. unfold risk_of. apply Rmult_le_compat_l; auto. apply Rle_trans with (1 := proj2 LA _ SO). right. rewrite total_sum, <- T1. unfold affine_total. rewrite !sum_map. apply sum_ext. intros e Hin.
      unfold seen_of. cbn [fst snd]. rewrite EA. change (real (out :: W :: rest)) with (rm QR out :: real (W :: rest)). change (net ((true, identity) :: (b, ra QR h) :: rN QR Ls) (rm QR out :: real (W :: rest)) (qv (fst (fst e)))) with (layer (true, identity) (rm QR out) (net (rN QR ((b, h) :: Ls)) (real (W :: rest)) (qv (fst (fst e))))).
      rewrite identity_map. symmetry. exact (f_equal (fun u => value L (affine_map (rm QR out) u) (qv (snd (fst e)))) (proj2 (T2 e Hin))).
  - intros x x' Hx Hx' E. unfold point in E. injection E as _ E. apply moved_apart in E.
    + apply Rmult_eq_reg_l with eta; lra.
    + rewrite LR. auto.
    + assert (X : length (nth unit (rm QR W) []) = length (nth unit W [])) by (unfold rm; change (@nil R) with (rv QR []); rewrite map_nth; unfold rv; apply map_length). rewrite X. unfold rv. rewrite map_length. exact LD.
    + apply existsb_exists in NZ. destruct NZ as (x0 & I & N). exists (Q2R x0). split; [apply in_map; auto|]. intros Z. apply unequal in N. apply N. rewrite Z, real_zero. reflexivity.
Qed.

(* any cell *)
Definition check_cell places p th unit direction change rows P vss low : bool := check_cell_with places p th unit direction change rows P vss low (fun _ => true).
Theorem check_cell_ok places p th unit direction change rows P vss low high : check_cell places p th unit direction change rows P vss low = true -> log_risk p (real th) <= Q2R high ->
  many_minima local_min p th low high anywhere.
Proof. intros H R. exact (check_cell_with_ok _ _ _ _ _ _ _ _ _ _ _ _ anywhere H R (fun _ _ _ _ _ _ _ _ => I)). Qed.
(* a cell whose predictions are the affine maps: from: of what enters the last layer to the inputs and 1; back: the other way *)
Definition maps_to (M : list (list Q)) (u v : list Q) : bool := sameT Qops (map (fun row => dotT Qops row u) M) v.
Definition check_same_maps (d : nat) (from back : list (list Q)) (tr : list entry) : bool :=
  forallb (fun row => (length row =? S d)%nat) back &&
  forallb (fun e : entry => (length back =? S (length (snd (snd e))))%nat && maps_to from (1%Q :: snd (snd e)) (1%Q :: fst (fst e)) && maps_to back (1%Q :: fst (fst e)) (1%Q :: snd (snd e)) &&
    forallb (fun row => (length row =? S (length (snd (snd e))))%nat) from) tr.
Fixpoint mixed (w : nat) (row : list R) (M : list (list R)) : list R := match row, M with a :: row', r :: M' => vadd (map (Rmult a) r) (mixed w row' M') | _, _ => repeat 0 w end.
Lemma mixed_dot w u : forall row M, dot (mixed w row M) u = dot row (map (fun r => dot r u) M).
Proof. induction row as [|a row IH]; intros [|r M]; cbn [mixed map]; rewrite ?dot_rep0; simpl; auto. rewrite dot_vadd, dot_scale, IH. reflexivity. Qed.
Lemma mixed_length w : forall row M, (forall r, In r M -> length r = w) -> length (mixed w row M) = w.
Proof. induction row as [|a row IH]; intros [|r M] H; cbn [mixed]; rewrite ?repeat_length; auto. rewrite vadd_length; rewrite map_length; [apply H; left; auto|]. rewrite IH by (intros; apply H; right; auto). apply H. left. auto. Qed.
Lemma maps_to_ok M u v : maps_to M (1%Q :: u) (1%Q :: v) = true -> map (fun r => dot r (1 :: qv u)) (rm QR M) = 1 :: qv v.
Proof.
  unfold maps_to. intros H. apply (sameT_iff Qops QR) in H. assert (ONE : forall w, qv (1%Q :: w) = 1 :: qv w) by (intros w; unfold rv; cbn [map toR QR]; rewrite real_one; reflexivity).
  rewrite <- (ONE v), <- (ONE u), <- H. unfold rm. rewrite map_map. unfold rv at 3. rewrite map_map. apply map_ext. intros row. symmetry. apply (dotT_ok Qops QR).
Qed.
Definition check_cell_affine places p th unit direction change rows P vss low from back : bool :=
  check_cell_with places p th unit direction change rows P vss low (check_same_maps (n_in p) from back).
Theorem check_cell_affine_ok places p th unit direction change rows P vss low high from back : check_cell_affine places p th unit direction change rows P vss low from back = true ->
  log_risk p (real th) <= Q2R high -> many_minima local_min p th low high (at_affine_fit p).
Proof.
  intros H R. apply (check_cell_with_ok _ _ _ _ _ _ _ _ _ _ _ _ (at_affine_fit p) H R). clear H R. intros tr H A th' M T1 [[SA1 SA2] BA] NET. apply andb_prop in M. destruct M as [M1 M2]. rewrite forallb_forall in M1, M2.
  assert (BACK : forall r, In r (rm QR back) -> length r = S (n_in p)) by (intros r Hr; unfold rm in Hr; apply in_map_iff in Hr; destruct Hr as (r0 & <- & Hr); unfold rv; rewrite map_length; apply Nat.eqb_eq, M1, Hr).
  assert (SAME : forall e, In e tr -> map (fun r => dot r (1 :: qv (snd (snd e)))) (rm QR from) = 1 :: qv (fst (fst e)) /\ map (fun r => dot r (1 :: qv (fst (fst e)))) (rm QR back) = 1 :: qv (snd (snd e)) /\ forall r, In r (rm QR from) -> length r = S H).
  { intros e He. specialize (M2 e He). apply andb_prop in M2. destruct M2 as [M2 M5]. apply andb_prop in M2. destruct M2 as [M2 M4]. apply andb_prop in M2. destruct M2 as [M2 M3]. split; [apply maps_to_ok; auto|]. split; [apply maps_to_ok; auto|].
    intros r Hr. unfold rm in Hr. apply in_map_iff in Hr. destruct Hr as (r0 & <- & Hr). rewrite forallb_forall in M5. specialize (M5 r0 Hr). apply Nat.eqb_eq in M5. unfold rv. rewrite map_length. etransitivity; [exact M5|]. f_equal. apply (NET e He). }
  set (d := n_in p) in *. set (m := n_out p) in *. unfold at_affine_fit, best_affine_fit. fold d m.
  assert (EQ : forall M N u v, map (fun r => dot r u) N = v -> map (fun row => dot row v) M = map (fun row => dot row u) (map (fun row => mixed (length u) row N) M)).
  { intros M N u v <-. rewrite map_map. apply map_ext. intros row. symmetry. apply mixed_dot. }
  exists (map (fun row => mixed (S d) row (rm QR back)) A).
  assert (PRED : forall e, In e tr -> affine_map A (qv (snd (snd e))) = affine_map (map (fun row => mixed (S d) row (rm QR back)) A) (qv (fst (fst e)))).
  { intros e He. unfold affine_map. rewrite map_map. apply map_ext. intros row. rewrite mixed_dot. rewrite (proj1 (proj2 (SAME e He))). reflexivity. }
  split; [|split].
  - split; [rewrite map_length; auto|]. intros row Hr. apply in_map_iff in Hr. destruct Hr as (r0 & <- & Hr). apply mixed_length, BACK.
  - intros s Hs. change (real_samples (samples p)) with (rD QR (samples p)) in Hs. rewrite <- T1, map_map in Hs. apply in_map_iff in Hs. destruct Hs as (e & <- & He). unfold seen_of. cbn [fst snd]. rewrite <- PRED by auto. apply NET, He.
  - intros B [SB1 SB2]. change (real_samples (samples p)) with (rD QR (samples p)). rewrite <- T1, !map_map, !sum_map.
    destruct tr as [|e0 tr0]; [simpl; lra|]. set (tr := e0 :: tr0) in *. assert (FROM := proj2 (proj2 (SAME e0 (or_introl eq_refl)))).
    set (B' := map (fun row => mixed (S H) row (rm QR from)) B).
    assert (SB : sized m H B') by (split; [unfold B'; rewrite map_length; auto|]; intros row Hr; apply in_map_iff in Hr; destruct Hr as (r0 & <- & Hr); apply mixed_length, FROM).
    specialize (BA B' SB). unfold affine_total, outer_data, rD in BA. rewrite !map_map, !sum_map in BA. cbn [fst snd] in BA. rewrite <- real_loss_ok. unfold seen_of. cbn [fst snd].
    eapply Rle_trans; [|eapply Rle_trans; [exact BA|]]; right; apply sum_ext; intros e He.
    + exact (f_equal (fun u => value (real_loss (loss_of p)) u (qv (snd (fst e)))) (eq_sym (PRED e He))).
    + assert (X : affine_map B' (qv (snd (snd e))) = affine_map B (qv (fst (fst e)))); [|exact (f_equal (fun u => value (real_loss (loss_of p)) u (qv (snd (fst e)))) X)].
      unfold affine_map, B'. rewrite map_map. apply map_ext. intros row. rewrite mixed_dot, (proj1 (SAME e He)). reflexivity.
Qed.
(* with a better point they are spurious *)
Theorem many_spurious p th th' low high low' high' property : shapeT Qops th th' && ltb Qops high' low = true -> risk_between p th' low' high' ->
  many_minima local_min p th low high property -> many_minima spurious_min p th low high property.
Proof.
  intros H [_ HR] (points & M & B & I). apply andb_prop in H. destruct H as [H1 H2]. apply (shapeT_ok Qops QR) in H1. apply (ltb_ok QR) in H2. cbn [toR QR] in H2.
  exists points. split; [|auto]. intros x Hx. destruct (M x Hx) as (M1 & M2 & M3 & M4). split; [exact M1|]. split; [|auto]. split; [exact M2|]. exists (real th'). split; [|rewrite M3; lra].
  assert (SYM : forall u v : params R, same_shape u v -> same_shape v u).
  { unfold same_shape. intros u v F. induction F as [|a b u v F1 F IH]; constructor; auto. clear - F1. induction F1 as [|a b u v F1 F IH]; constructor; auto. clear - F1. induction F1; constructor; auto. }
  assert (TRANS : forall u v w : params R, same_shape u v -> same_shape v w -> same_shape u w).
  { assert (T : forall {X} (Q : X -> X -> Prop), (forall a b c, Q a b -> Q b c -> Q a c) -> forall u v w, Forall2 Q u v -> Forall2 Q v w -> Forall2 Q u w).
    { intros X Q HQ u v w F. revert w. induction F; intros w G; inversion G; subst; constructor; eauto. }
    unfold same_shape. apply T. apply T. apply T. auto. }
  apply TRANS with (real th); [apply SYM, M1|exact H1].
Qed.
